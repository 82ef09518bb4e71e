import { drawDetCurves } from "../report/charts/det-figure.ts";
import { excerptCards, formatScore } from "./excerpt-cards.ts";
import type { Interval } from "../statistics/confidence-interval.ts";
import type { HitGroup } from "./keyword-evaluation.ts";
import { drawKeywordLatency, drawPeakScores } from "./figures.ts";
import type { MeanPoint } from "./mean-figures.ts";
import type { KeywordExcerpts, KeywordReport, LabelReport, SnrSummary } from "./report.ts";
import { type OperatingPoint, operatingPoint } from "../detection/operating-point.ts";
import { html, type HtmlValue, type SafeHtml } from "../report/html.ts";
import { renderPage } from "../report/page.ts";
import { formatPercent } from "../report/format-percent.ts";
import { type ReportFiles, writeReport } from "../report/write-report.ts";
import { facts, figure, keyFigures, notice, section, table, type TableColumn } from "../report/sections.ts";
import { PADDING_SECONDS } from "../recordings/stage-recording.ts";

/** The report as one HTML page. */
export function renderKeywordReport(report: KeywordReport, excerpts: KeywordExcerpts): string {
  const { labels, model } = report;
  const [first] = labels;
  return renderPage({
    kicker: "Callsign · keyword report",
    title: `${model.name} on recordings of people`,
    lead:
      labels.length === 1
        ? `“${first!.label}”: ${whole(first!.positives)} recordings of the word and ${hours(first!.negativeHours)} without it, ${inWords(report)}.`
        : `${labels.length} labels, ${inWords(report)}.`,
    sections: [
      faults(report),
      overview(report),
      labels.map((label, i) => labelSections({ ...label, report, index: i }, excerpts[i]!)),
      method(report),
    ],
    colophon: html`Made by ${report.tool.name} ${report.tool.version} on
      <time datetime="${report.createdAt}">${report.createdAt.slice(0, 16).replace("T", " ")} UTC</time>. The
      same figures stand in report.json beside this page.`,
  });
}

/** Figures of one label and where they stand on the page. */
interface LabelPart extends LabelReport {
  readonly report: KeywordReport;
  readonly index: number;
}

const labelSections = (part: LabelPart, excerpts: KeywordExcerpts[number]): SafeHtml =>
  html`${[
    headline(part),
    tradeOff(part),
    latency(part),
    breakdown(part),
    peaks(part),
    misses(part, excerpts),
    falseAccepts(part, excerpts),
  ]}`;

/** Id of a part of a label's sections, unique in the page. */
const idOf = ({ report, index }: LabelPart, name: string): string =>
  report.labels.length === 1 ? name : `${name}-${index + 1}`;

/** Heading of a label's section; names the label if there are several. */
const headingOf = ({ report, label }: LabelPart, heading: string): string =>
  report.labels.length === 1 ? heading : `“${label}”: ${heading.charAt(0).toLowerCase()}${heading.slice(1)}`;

const faults = ({ faults: found }: KeywordReport): SafeHtml | false =>
  found.length > 0 && notice(`${found.length} recordings could not be read: ${found.slice(0, 3).join("; ")}`);

/** Table of all labels and their mean. */
function overview({ labels, mean, atFalseAcceptsPerHour }: KeywordReport): SafeHtml | false {
  if (mean === null) return false;
  const rates = mean.operatingPoints.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour);
  const missed = (point: MeanPoint): string =>
    `${formatPercent(point.falseRejectRate)} (${between(point.resampledInterval, formatPercent)})${point.isShown ? "" : " *"}`;
  return section(
    {
      id: "labels",
      heading: "Labels",
      lead: `Missed at each rate of false accepts per hour, every label at its own threshold, with 95 % intervals over speakers or files. The details below are at ${atFalseAcceptsPerHour} per hour.`,
    },
    table({
      caption: "Misses by label; * marks rates that the hours are too few to show",
      columns: [
        { heading: "label" },
        ...["recordings", "hours without", ...rates.map((rate) => `${rate} per hour`)].map(number),
        ...["at the card's threshold", "false accepts per hour there"].map(number),
      ],
      rows: [
        ...labels.map((label): HtmlValue[] => [
          label.label,
          whole(label.positives),
          label.negativeHours.toFixed(1),
          ...label.operatingPoints.map(missed),
          formatPercent(label.shipped.falseRejectRate),
          rate(label.shipped.falseAcceptsPerHour),
        ]),
        [
          "mean",
          "",
          "",
          ...mean.operatingPoints.map(missed),
          formatPercent(mean.shipped.falseRejectRate),
          rate(mean.shipped.falseAcceptsPerHour),
        ],
      ],
    }),
  );
}

const number = (heading: string): TableColumn => ({ heading, kind: "number" });

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
const closeLook = ({ curve, atFalseAcceptsPerHour }: LabelReport): OperatingPoint =>
  operatingPoint(curve, atFalseAcceptsPerHour);

function headline(report: LabelPart): SafeHtml {
  const point = closeLook(report);
  const { shipped, latencyMs, detectedTwice } = report;
  return keyFigures([
    {
      label: `Missed at ${point.falseAcceptsPerHour} false accepts per hour`,
      value: formatPercent(point.falseRejectRate),
      note: `${between(report.resampledInterval, formatPercent)} · ${point.misses} of ${report.positives}`,
    },
    {
      label: `Missed at the threshold ${shipped.threshold.toFixed(4)}`,
      value: formatPercent(shipped.falseRejectRate),
      note: `${shipped.misses} of ${report.positives}`,
    },
    {
      label: "False accepts per hour at that threshold",
      value: rate(shipped.falseAcceptsPerHour),
      note: `${shipped.falseAccepts} in ${hours(report.negativeHours)}, at most ${rate(shipped.falseAcceptsInterval.high)}`,
    },
    {
      label: "Detected twice",
      value: `${detectedTwice.twice} of ${detectedTwice.hits}`,
      note: `words heard at ${point.falseAcceptsPerHour} false accepts per hour; ${shipped.detectedTwice.twice} of ${shipped.detectedTwice.hits} at ${shipped.threshold.toFixed(4)}`,
    },
    {
      label: "Reacts after the word",
      value: latencyMs === null ? "never" : `${latencyMs.p50.toFixed(0)} ms`,
      ...(latencyMs !== null && { note: `half of them; nine tenths within ${latencyMs.p90.toFixed(0)} ms` }),
    },
  ]);
}

const tradeOff = (report: LabelPart): SafeHtml =>
  section(
    {
      id: idOf(report, "trade-off"),
      heading: headingOf(report, "Misses against false accepts"),
      lead: "All thresholds. Every recording is decided separately, as by the detector itself, including the refractory period. In a recording of the word every detection but the first of the word is a false accept.",
    },
    figure({
      picture: drawDetCurves([{ name: report.report.model.name, colour: "var(--truth)", ...report }], {
        id: idOf(report, "det"),
      }),
      legend: [
        { label: "fewest misses within a rate of false accepts, with 95 % interval", swatch: "truth" },
      ],
      caption:
        "Lower and further left is better. The bar across a dot is the interval of the false accepts counted.",
    }),
    table({
      caption: `Operating points. The interval of misses is over ${resampledBy(report)}, drawn again with the threshold chosen for each draw; the highest rate is the upper end of the 95 % interval of the false accepts counted (Garwood)`,
      columns: [
        { heading: "False accepts per hour allowed" },
        ...["Missed", "95 %", "Misses", "False accepts counted", "Rate at most", "Threshold"].map(number),
      ],
      rows: report.operatingPoints.map((point) => [
        `${point.falseAcceptsPerHour}${point.isShown ? "" : " *"}`,
        formatPercent(point.falseRejectRate),
        between(point.resampledInterval, formatPercent),
        `${point.misses}`,
        `${point.falseAccepts}${point.extraDetections > 0 ? ` (${point.extraDetections} in recordings of the word)` : ""}`,
        rate(point.falseAcceptsInterval.high),
        point.threshold === null ? "none" : formatScore(point.threshold),
      ]),
    }),
    tooShort(report),
  );

/** What the intervals of misses resample. */
const resampledBy = ({ recordings }: LabelReport): string =>
  recordings.every(({ speaker }) => speaker === null)
    ? "files"
    : "speakers, and files where the speaker is not known";

/** Notice that the negative audio is too short for some rates: less than one false accept allowed means none. */
function tooShort({ operatingPoints, negativeHours }: LabelReport): SafeHtml | false {
  const rates = operatingPoints.filter(({ isShown }) => !isShown).map((point) => point.falseAcceptsPerHour);
  return (
    rates.length > 0 &&
    notice(
      `${hours(negativeHours)} without the word are too short to show ${listed(rates)} per hour (*): there, not a single false accept was allowed. ${Math.ceil(1 / Math.min(...rates))} hours would do.`,
    )
  );
}

function latency(part: LabelPart): SafeHtml | false {
  const { latencyMs, latenciesMs, atFalseAcceptsPerHour } = part;
  return (
    latencyMs !== null &&
    section(
      {
        id: idOf(part, "latency"),
        heading: headingOf(part, "Latency"),
        lead: "From the end of the word, found by energy before noise was added, to the end of the audio that completed the detection. Computing time is not included.",
      },
      figure({
        picture: drawKeywordLatency(latenciesMs, { ...latencyMs, id: idOf(part, "keyword-latency") }),
        caption: `Detections at the threshold for ${atFalseAcceptsPerHour} false accepts per hour, in steps of 80 ms. Negative values are detections before the end of the word.`,
      }),
    )
  );
}

function breakdown(report: LabelPart): SafeHtml {
  const { missesBySource, missesBySnr, missesBySpeaker, falseAcceptsBySource, snrDb } = report;
  const noisy = report.report.conditions.snrDb.length > 0;
  return section(
    {
      id: idOf(report, "breakdown"),
      heading: headingOf(report, "Errors by group"),
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
        columns: [{ heading: "recordings" }, ...["known", "5 %", "25 %", "50 %", "75 %", "95 %"].map(number)],
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

const peaks = (report: LabelPart): SafeHtml =>
  section(
    { id: idOf(report, "peaks"), heading: headingOf(report, "Highest scores") },
    figure({
      picture: drawPeakScores({
        id: idOf(report, "peak-scores"),
        positives: report.recordings.filter(({ isPositive }) => isPositive).map(({ score }) => score),
        negatives: report.recordings.filter(({ isPositive }) => !isPositive).map(({ score }) => score),
        threshold: closeLook(report).threshold,
      }),
      legend: [
        { label: "recordings of the word, upward", swatch: "truth" },
        { label: "recordings without it, downward", swatch: "muted" },
      ],
      caption: `Share of the recordings by the highest score in each, on a logit scale. The broken line is the threshold for ${report.atFalseAcceptsPerHour} false accepts per hour.`,
    }),
  );

const misses = (report: LabelPart, excerpts: KeywordExcerpts[number]): SafeHtml | false =>
  report.worstMisses.length > 0 &&
  section(
    {
      id: idOf(report, "worst-misses"),
      heading: headingOf(report, "Worst misses"),
      lead: `${report.worstMisses.length} of the ${report.missed.length} recordings of the word that it did not hear, lowest score first. The white line is the score, 0 at the bottom; the broken one the threshold.`,
    },
    excerptCards(report.worstMisses, {
      excerpts: excerpts.misses,
      threshold: closeLook(report).threshold,
    }),
  );

const falseAccepts = (report: LabelPart, excerpts: KeywordExcerpts[number]): SafeHtml =>
  section(
    {
      id: idOf(report, "worst-false-accepts"),
      heading: headingOf(report, "Worst false accepts"),
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
          `${conditions.noises} recordings, a stretch drawn for each recording, at ${conditions.snrDb.join(" or ")} dB where the speech is`,
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
