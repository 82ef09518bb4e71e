import { formatPercent } from "../report/format-percent.ts";
import type { HtmlValue, SafeHtml } from "../report/html.ts";
import { notice, section, table } from "../report/sections.ts";
import type { HitGroup } from "./recording-groups.ts";
import type { LabelReport, SnrSummary } from "./report.ts";
import { between, numberColumn, rate, whole } from "./report-format.ts";

/** Section of misses by folder, level and speaker, and of false accepts by folder. */
export function errorsByGroup(
  report: LabelReport,
  { id, heading, noisy }: { readonly id: string; readonly heading: string; readonly noisy: boolean },
): SafeHtml {
  const { missesBySource, missesBySnr, missesBySpeaker, falseAcceptsBySource, snrDb } = report;
  return section(
    {
      id,
      heading,
      lead: `At the threshold for ${report.atFalseAcceptsPerHour} false accepts per hour.`,
    },
    missesBySource.length > 1 && missTable("Misses by folder", missesBySource),
    missTable(
      noisy
        ? "Misses by level of speech over noise"
        : "Misses by level of speech over the recording's own noise",
      missesBySnr,
    ),
    (snrDb.positives ?? snrDb.negatives) !== null &&
      table({
        caption: `Level of speech over noise, in dB${noisy ? "; the noise of the recording itself counts beside the added noise" : ""}`,
        columns: [
          { heading: "recordings" },
          ...["known", "5 %", "25 %", "50 %", "75 %", "95 %"].map(numberColumn),
        ],
        rows: [snrRow("of the word", snrDb.positives), snrRow("without it", snrDb.negatives)].filter(
          (row) => row !== undefined,
        ),
      }),
    missesBySpeaker.length > 0
      ? missTable("Misses by speaker, the worst first", worstFirst(missesBySpeaker))
      : notice(
          "The names of the recordings do not contain the speaker, so there is no breakdown by speaker. Set --speaker-pattern to extract it from the names.",
        ),
    table({
      caption: "False accepts by folder",
      columns: [
        { heading: "folder" },
        ...["recordings", "minutes", "false accepts", "per hour", "95 %"].map((heading) => ({
          heading,
          kind: "number" as const,
        })),
      ],
      rows: falseAcceptsBySource.map((group) => [
        group.group,
        whole(group.recordings),
        (group.hours * 60).toFixed(1),
        `${group.falseAccepts}`,
        rate(group.falseAcceptsPerHour),
        between(group.interval, rate),
      ]),
    }),
  );
}

const snrRow = (name: string, snr: SnrSummary | null): string[] | undefined =>
  snr === null
    ? undefined
    : [
        name,
        whole(snr.recordings),
        ...[snr.p5, snr.p25, snr.p50, snr.p75, snr.p95].map((db) => db.toFixed(1)),
      ];

const missTable = (caption: string, groups: readonly HitGroup[]): SafeHtml =>
  table({
    caption,
    columns: [
      { heading: "group" },
      ...["recordings", "misses", "missed", "95 %"].map((heading) => ({ heading, kind: "number" as const })),
    ],
    rows: groups
      .slice(0, MAX_GROUPS)
      .map(({ group, recordings, misses: missed, falseRejectRate, interval }): HtmlValue[] => [
        group,
        whole(recordings),
        `${missed}`,
        formatPercent(falseRejectRate),
        between(interval, formatPercent),
      ]),
  });

const MAX_GROUPS = 20;

const worstFirst = (groups: readonly HitGroup[]): HitGroup[] =>
  groups.toSorted((a, b) => b.falseRejectRate - a.falseRejectRate || b.recordings - a.recordings);
