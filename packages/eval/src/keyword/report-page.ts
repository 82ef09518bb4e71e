import { drawDetCurves } from "../report/charts/det-figure.ts";
import { excerptCards, formatScore } from "./excerpt-cards.ts";
import { errorsByGroup } from "./errors-by-group.ts";
import { labelsTable } from "./labels-table.ts";
import { between, hours, numberColumn, rate, whole } from "./report-format.ts";
import { drawKeywordLatency, drawPeakScores } from "./figures.ts";
import type { KeywordExcerpts, KeywordReport, LabelReport } from "./report.ts";
import { type OperatingPoint, operatingPoint } from "../detection/operating-point.ts";
import { html, type SafeHtml } from "../report/html.ts";
import { renderPage } from "../report/page.ts";
import { formatPercent } from "../report/format-percent.ts";
import { type ReportFiles, writeReport } from "../report/write-report.ts";
import { facts, figure, keyFigures, notice, section, table } from "../report/sections.ts";
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
      labelsTable(report),
      labels.map((label, i) => labelSections({ ...label, report, index: i }, excerpts[i]!)),
      method(report),
    ],
    colophon: html`Made by ${report.tool.name} ${report.tool.version} on
      <time datetime="${report.createdAt}">${report.createdAt.slice(0, 16).replace("T", " ")} UTC</time>. The
      same figures stand in report.json beside this page.`,
  });
}

/** Figures of one label and its index on the page. */
interface LabelPart extends LabelReport {
  readonly report: KeywordReport;
  readonly index: number;
}

const labelSections = (part: LabelPart, excerpts: KeywordExcerpts[number]): SafeHtml =>
  html`${[
    headline(part),
    tradeOff(part),
    latency(part),
    errorsByGroup(part, {
      id: idOf(part, "breakdown"),
      heading: headingOf(part, "Errors by group"),
      noisy: part.report.conditions.snrDb.length > 0,
    }),
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
      note: `recordings detected at ${point.falseAcceptsPerHour} false accepts per hour; ${shipped.detectedTwice.twice} of ${shipped.detectedTwice.hits} at ${shipped.threshold.toFixed(4)}`,
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
      lead: "All thresholds. Every recording is decided separately, as by the detector itself, including the refractory period. In a recording of the word, all detections except the first one of the word are false accepts.",
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
      caption: `Operating points. The interval of misses is from resampled ${resampledBy(report)}, with the threshold chosen again for each resample; “Rate at most” is the upper end of the 95 % interval of the false accepts counted (Garwood)`,
      columns: [
        { heading: "False accepts per hour allowed" },
        ...["Missed", "95 %", "Misses", "False accepts counted", "Rate at most", "Threshold"].map(
          numberColumn,
        ),
      ],
      rows: report.operatingPoints.map((point) => [
        `${point.falseAcceptsPerHour}${point.isMeasurable ? "" : " *"}`,
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

/** Names what is resampled for the intervals of misses. */
const resampledBy = ({ recordings }: LabelReport): string =>
  recordings.every(({ speaker }) => speaker === null)
    ? "files"
    : "speakers, and files where the speaker is not known";

/** Notice that the negative audio is too short for some rates: less than one false accept allowed means none. */
function tooShort({ operatingPoints, negativeHours }: LabelReport): SafeHtml | false {
  const rates = operatingPoints
    .filter(({ isMeasurable }) => !isMeasurable)
    .map((point) => point.falseAcceptsPerHour);
  return (
    rates.length > 0 &&
    notice(
      `${hours(negativeHours)} without the word are too few for ${listed(rates)} per hour (*), so no false accept was allowed there. ${Math.ceil(1 / Math.min(...rates))} hours would be enough.`,
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
          `${conditions.noises} recordings, a stretch drawn for each recording, at ${conditions.snrDb.join(" or ")} dB over the speech`,
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

const listed = (values: readonly number[]): string => values.join(" or ");
