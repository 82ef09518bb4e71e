import { drawDetCurves } from "../report/charts/det-figure.ts";
import { excerptCards, formatScore } from "./excerpt-cards.ts";
import type { Interval } from "../statistics/confidence-interval.ts";
import type { HitGroup } from "./keyword-evaluation.ts";
import { drawKeywordLatency, drawPeakScores } from "./figures.ts";
import type { KeywordExcerpts, KeywordReport } from "./report.ts";
import { type OperatingPoint, operatingPoint } from "../detection/operating-point.ts";
import { html, type HtmlValue, type SafeHtml } from "../report/html.ts";
import { renderPage } from "../report/page.ts";
import { formatPercent } from "../report/format-percent.ts";
import { type ReportFiles, writeReport } from "../report/write-report.ts";
import { facts, figure, keyFigures, notice, section, table } from "../report/sections.ts";
import { PADDING_SECONDS } from "../recordings/stage-recording.ts";

/** The report as one HTML page. */
export function renderKeywordReport(report: KeywordReport, excerpts: KeywordExcerpts): string {
  return renderPage({
    kicker: "Callsign · keyword report",
    title: `${report.model.name} on recordings of people`,
    lead: `“${report.label}”: ${whole(report.positives)} recordings of the word and ${hours(report.negativeHours)} without it, ${inWords(report)}.`,
    sections: [
      headline(report),
      report.faults.length > 0 &&
        notice(
          `${report.faults.length} recordings could not be read: ${report.faults.slice(0, 3).join("; ")}`,
        ),
      tradeOff(report),
      latency(report),
      breakdown(report),
      peaks(report),
      misses(report, excerpts),
      falseAccepts(report, excerpts),
      method(report),
    ],
    colophon: html`Made by ${report.tool.name} ${report.tool.version} on
      <time datetime="${report.createdAt}">${report.createdAt.slice(0, 16).replace("T", " ")} UTC</time>. The
      same figures stand in report.json beside this page.`,
  });
}

/** Writes a report and its page into a folder. @throws CallsignError `FILE_WRITE_FAILED`, `ABORTED` */
export const writeKeywordReport = (
  folder: string,
  report: KeywordReport,
  { excerpts, ...options }: { readonly excerpts: KeywordExcerpts; readonly signal?: AbortSignal },
): Promise<ReportFiles> =>
  writeReport(folder, { report, page: renderKeywordReport(report, excerpts) }, options);

function inWords({ conditions }: KeywordReport): string {
  const noise =
    conditions.snrDb.length > 0 ? `with noise at ${conditions.snrDb.join(", ")} dB` : "as recorded";
  return conditions.rooms > 0 ? `${noise}, in ${conditions.rooms} rooms` : noise;
}

/** Operating point at which the details of the report are measured. */
const closeLook = ({ curve, atFalseAcceptsPerHour }: KeywordReport): OperatingPoint =>
  operatingPoint(curve, atFalseAcceptsPerHour);

function headline(report: KeywordReport): SafeHtml {
  const point = closeLook(report);
  const { shipped, latencyMs } = report;
  return keyFigures([
    {
      label: `Missed at ${point.falseAcceptsPerHour} false accepts per hour`,
      value: formatPercent(point.falseRejectRate),
      note: `${between(point.interval, formatPercent)} · ${point.misses} of ${report.positives}`,
    },
    {
      label: `Missed at the threshold ${shipped.threshold.toFixed(4)}`,
      value: formatPercent(shipped.falseRejectRate),
      note: `${shipped.misses} of ${report.positives}`,
    },
    {
      label: "False accepts per hour at that threshold",
      value: rate(shipped.falseAcceptsPerHour),
      note: `${shipped.falseAccepts} in ${hours(report.negativeHours)}`,
    },
    {
      label: "Reacts after the word",
      value: latencyMs === null ? "never" : `${latencyMs.p50.toFixed(0)} ms`,
      ...(latencyMs !== null && { note: `half of them; nine tenths within ${latencyMs.p90.toFixed(0)} ms` }),
    },
  ]);
}

const tradeOff = (report: KeywordReport): SafeHtml =>
  section(
    {
      id: "trade-off",
      heading: "Misses against false accepts",
      lead: "All thresholds. Every recording is decided separately, as by the detector itself, including the refractory period.",
    },
    figure({
      picture: drawDetCurves([{ name: report.model.name, colour: "var(--truth)", ...report }]),
      legend: [
        { label: "fewest misses within a rate of false accepts, with 95 % interval", swatch: "truth" },
      ],
      caption:
        "Lower and further left is better. The bar across a dot is the interval of the false accepts counted.",
    }),
    table({
      caption: `Operating points; intervals hold the true rate 95 times in 100 (Wilson for misses, Garwood for false accepts)`,
      columns: [
        { heading: "False accepts per hour allowed" },
        { heading: "Missed", kind: "number" },
        { heading: "95 %", kind: "number" },
        { heading: "Misses", kind: "number" },
        { heading: "False accepts counted", kind: "number" },
        { heading: "Rate, 95 %", kind: "number" },
        { heading: "Threshold", kind: "number" },
      ],
      rows: report.operatingPoints.map((point) => [
        `${point.falseAcceptsPerHour}`,
        formatPercent(point.falseRejectRate),
        between(point.interval, formatPercent),
        `${point.misses}`,
        `${point.falseAccepts}`,
        between(point.falseAcceptsInterval, rate),
        point.threshold === null ? "none" : formatScore(point.threshold),
      ]),
    }),
    tooShort(report),
  );

/** Notice that the negative audio is too short for some rates: less than one false accept allowed means none. */
function tooShort({ operatingPoints, negativeHours }: KeywordReport): SafeHtml | false {
  const rates = operatingPoints
    .map((point) => point.falseAcceptsPerHour)
    .filter((allowed) => allowed * negativeHours < 1);
  return (
    rates.length > 0 &&
    notice(
      `${hours(negativeHours)} without the word are too short to show ${listed(rates)} per hour: there, not a single false accept was allowed. ${Math.ceil(1 / Math.min(...rates))} hours would do.`,
    )
  );
}

function latency({ latencyMs, latenciesMs, atFalseAcceptsPerHour }: KeywordReport): SafeHtml | false {
  return (
    latencyMs !== null &&
    section(
      {
        id: "latency",
        heading: "Latency",
        lead: "From the end of the word, found by energy before noise was added, to the end of the audio that completed the detection. Computing time is not included.",
      },
      figure({
        picture: drawKeywordLatency(latenciesMs, latencyMs),
        caption: `Detections at the threshold for ${atFalseAcceptsPerHour} false accepts per hour, in steps of 80 ms. Negative values are detections before the end of the word.`,
      }),
    )
  );
}

function breakdown(report: KeywordReport): SafeHtml {
  const { missesBySource, missesBySnr, missesBySpeaker, falseAcceptsBySource, conditions } = report;
  const noisy = conditions.snrDb.length > 0;
  return section(
    {
      id: "breakdown",
      heading: "Errors by group",
      lead: `At the threshold for ${report.atFalseAcceptsPerHour} false accepts per hour.`,
    },
    missesBySource.length > 1 && missTable("Misses by folder", missesBySource),
    missTable(
      noisy
        ? "Misses by level of speech over noise"
        : "Misses by level of speech over the recording's own noise",
      missesBySnr,
    ),
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

const peaks = (report: KeywordReport): SafeHtml =>
  section(
    { id: "peaks", heading: "Highest scores" },
    figure({
      picture: drawPeakScores({ ...report.peakScores, threshold: closeLook(report).threshold }),
      legend: [
        { label: "recordings of the word, upward", swatch: "truth" },
        { label: "recordings without it, downward", swatch: "muted" },
      ],
      caption: `Share of the recordings by the highest score in each, on a logit scale. The broken line is the threshold for ${report.atFalseAcceptsPerHour} false accepts per hour.`,
    }),
  );

const misses = (report: KeywordReport, excerpts: KeywordExcerpts): SafeHtml | false =>
  report.worstMisses.length > 0 &&
  section(
    {
      id: "worst-misses",
      heading: "Worst misses",
      lead: `${report.worstMisses.length} of the ${report.missed.length} recordings of the word that it did not hear, lowest score first. The white line is the score, 0 at the bottom; the broken one the threshold.`,
    },
    excerptCards(report.worstMisses, {
      excerpts: excerpts.misses,
      threshold: closeLook(report).threshold,
    }),
  );

const falseAccepts = (report: KeywordReport, excerpts: KeywordExcerpts): SafeHtml =>
  section(
    {
      id: "worst-false-accepts",
      heading: "Worst false accepts",
      lead: "Recordings without the word that have the highest scores, from 2.5 s before the highest. A recording that does contain the word should be removed from the negatives.",
    },
    excerptCards(report.worstFalseAccepts, {
      excerpts: excerpts.falseAccepts,
      threshold: closeLook(report).threshold,
    }),
  );

const method = ({ model, conditions, command, tool, machine }: KeywordReport): SafeHtml =>
  section(
    { id: "method", heading: "How it was measured" },
    facts([
      ["Command", command !== null && html`<code>${command}</code>`],
      [
        "Streams",
        `each recording by itself, after ${PADDING_SECONDS.before} s and before ${PADDING_SECONDS.after} s of room tone, which count for no hours`,
      ],
      [
        "Noise",
        conditions.noises > 0 &&
          `${conditions.noises} recordings, one drawn for each recording, over padding and all`,
      ],
      ["Rooms", conditions.rooms > 0 && `${conditions.rooms} impulse responses`],
      ["Seed", conditions.seed],
      [
        "Decision",
        `patience ${model.decision.patience}, refractory period ${model.decision.refractorySeconds} s`,
      ],
      ["Classifier", html`${model.classifier.file}<br /><code>sha256 ${model.classifier.sha256}</code>`],
      [
        "Embedding",
        html`${model.frontend.embedding.id}<br /><code>sha256 ${model.frontend.embedding.sha256}</code>`,
      ],
      [
        "Version",
        `${tool.name} ${tool.version}${tool.gitCommit === undefined ? "" : ` at ${tool.gitCommit}`}`,
      ],
      ["Machine", `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.platform}`],
    ]),
  );

const rate = (perHour: number): string => perHour.toFixed(perHour < 10 ? 2 : 1);
const whole = (count: number): string => count.toLocaleString("en-US");
const hours = (count: number): string => `${count.toFixed(1)} hours`;
const between = ({ low, high }: Interval, format: (value: number) => string): string =>
  `${format(low).replace(" %", "")}–${format(high)}`;
const listed = (values: readonly number[]): string => values.join(" or ");
