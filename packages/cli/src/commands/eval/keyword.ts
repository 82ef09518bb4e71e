import { readFile } from "node:fs/promises";
import { CallsignError } from "@callsign/audio/internal";
import type {
  EvaluatedKeyword,
  KeywordBaseline,
  KeywordPoint,
  KeywordReport,
  KeywordReportParts,
  LabelReport,
  MeanFigures,
} from "@callsign/eval/internal";
import type { Command } from "commander";
import { type CliContext, printJson } from "../../context.ts";
import {
  addDetectorOptions,
  detectorArguments,
  type DetectorFlags,
  MODEL_HELP,
  openDetector,
} from "../../flags/detector.ts";
import {
  addRecordingOptions,
  labelsOf,
  openRecordings,
  recordingArguments,
  type RecordingFlags,
} from "./recording-options.ts";
import { scoreModel } from "./score-model.ts";
import { percent } from "../../output/percent.ts";

/** Registers `callsign eval keyword`: misses and false accepts on recordings. */
export function registerEvalKeyword(evaluate: Command, context: CliContext): void {
  const command = evaluate
    .command("keyword")
    .description(
      "Measure misses, false accepts per hour and latency of a model on recordings with and without a word.",
    )
    .requiredOption("--model <dir>", MODEL_HELP)
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval keyword --model models/alexa --positives recordings/alexa --negatives recordings/speech recordings/television --noise noise --snr 10 --report report\n  callsign eval keyword --model models/home --positives alexa=recordings/alexa computer=recordings/computer --cross --negatives recordings/speech --exclude computer=computer --cache cache",
    );
  addDetectorOptions(addRecordingOptions(command))
    .option("--report <dir>", "folder for report.json and report.html, which plays the worst recordings")
    .option(
      "--check <file>",
      "baseline of the same recordings; exit with 1 if misses or false accepts are above its 95 % intervals",
    )
    .option("--write-baseline <file>", "write the figures as a baseline for --check")
    .option("--summary <file>", "append a summary in Markdown, such as to $GITHUB_STEP_SUMMARY")
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((flags: KeywordFlags) => evalKeyword(context, flags));
}

interface KeywordFlags extends DetectorFlags, RecordingFlags {
  readonly model: string;
  readonly report?: string;
  readonly check?: string;
  readonly writeBaseline?: string;
  readonly summary?: string;
  readonly json?: boolean;
}

async function evalKeyword(context: CliContext, flags: KeywordFlags): Promise<void> {
  const {
    evaluateKeyword,
    findKeywordRegressions,
    machineFacts,
    makeKeywordReport,
    summarizeKeywordReport,
    toKeywordBaseline,
  } = await import("@callsign/eval/internal");
  const { appendToFile, toolIdentity, writeFileAtomic } = await import("@callsign/infer/node/internal");
  const baseline = await openBaseline(flags);
  const recordings = await openRecordings(context, flags);
  const detector = await openDetector(context, [flags.model], flags);
  const faults: string[] = [];
  try {
    const labels = await labelsOf(detector, recordings, flags);
    const onFault = (message: string): void => void faults.push(message);
    const scored = await scoreModel(context, detector, { labels, recordings, onFault });
    const { patience, refractorySeconds, thresholds } = detector.card.decision;
    const keywords = [...scored].map(([key, found]): EvaluatedKeyword => {
      const label = labels.get(key)!;
      const decision = { patience, refractorySeconds, threshold: thresholds[label]! };
      return {
        label,
        ...found,
        evaluation: evaluateKeyword({ ...found, decision, atFalseAcceptsPerHour: flags.at }),
      };
    });
    const { tool: name, ...version } = toolIdentity();
    const parts: KeywordReportParts = {
      keywords,
      model: detector.card,
      conditions: recordings.conditions,
      faults,
      command: commandLine(flags),
      machine: machineFacts(),
      tool: { name, ...version },
      createdAt: new Date(),
    };
    const report = makeKeywordReport(parts);
    print(context, report, flags);
    if (flags.writeBaseline !== undefined)
      await writeFileAtomic(
        flags.writeBaseline,
        `${JSON.stringify(toKeywordBaseline(report), undefined, 2)}\n`,
      );
    if (flags.report !== undefined) await writeReport(context, report, { folder: flags.report, parts });
    const worse =
      baseline === undefined ? [] : findKeywordRegressions(report, baseline, { name: flags.check! });
    if (flags.summary !== undefined)
      await appendToFile(flags.summary, summarizeKeywordReport(report, { worse }));
    if (worse.length > 0)
      throw new CallsignError(
        "MODEL_REGRESSED",
        `eval keyword: ${worse.join("; ")} (baseline ${flags.check}); if this is intended, write a new baseline with --write-baseline`,
      );
  } finally {
    for (const fault of faults) context.stderr(`left out: ${fault}\n`);
    await detector.dispose();
  }
}

async function openBaseline({ check }: KeywordFlags): Promise<KeywordBaseline | undefined> {
  if (check === undefined) return undefined;
  const { parseKeywordBaseline } = await import("@callsign/eval/internal");
  const text = await readFile(check, "utf8").catch((cause: unknown) => {
    throw new CallsignError(
      "FILE_NOT_FOUND",
      `${check}: cannot read the baseline: ${String(cause)}; write one with --write-baseline`,
      { cause },
    );
  });
  return parseKeywordBaseline(text, { name: check });
}

function print(context: CliContext, report: KeywordReport, { json }: Pick<KeywordFlags, "json">): void {
  if (json) {
    printJson(context, summaryOf(report));
    return;
  }
  const tables = report.labels.map(formatLabel);
  if (report.mean !== null) tables.push(formatMean(report.mean));
  context.stdout(tables.join("\n"));
}

async function writeReport(
  { signal, stderr }: CliContext,
  report: KeywordReport,
  { folder, parts }: { readonly folder: string; readonly parts: KeywordReportParts },
): Promise<void> {
  const { readKeywordExcerpts, writeKeywordReport } = await import("@callsign/eval/internal");
  const excerpts = await readKeywordExcerpts(parts);
  const { htmlPath } = await writeKeywordReport(folder, report, { excerpts, signal });
  stderr(`report: ${htmlPath}\n`);
}

/** Report without curves, latencies and recordings; report.json has them. */
function summaryOf({ labels, ...report }: KeywordReport) {
  return {
    ...report,
    labels: labels.map(({ curve, latenciesMs: _latencies, recordings: _recordings, ...summary }) => ({
      ...summary,
      detPoints: curve.points.length,
    })),
  };
}

function formatLabel(report: LabelReport): string {
  const { label, positives, negativeHours, operatingPoints, latencyMs, shipped, detectedTwice } = report;
  const { atFalseAcceptsPerHour, snrDb } = report;
  const lines = [
    `"${label}": ${positives} recordings of the word, ${negativeHours.toFixed(2)} hours without it`,
    "",
    "false accepts/h   missed   95 %             misses   counted   at most   threshold",
    ...operatingPoints.map(formatPoint),
    "",
    ...(operatingPoints.every(({ isMeasurable }) => isMeasurable)
      ? []
      : [`* the hours without the word are too few to measure this rate, so no false accept was allowed`]),
    `at the card's threshold ${shipped.threshold.toFixed(4)}: ${percent(shipped.falseRejectRate)} missed, ${shipped.falseAcceptsPerHour.toFixed(2)} false accepts per hour (${shipped.falseAccepts}, at most ${shipped.falseAcceptsInterval.high.toFixed(2)} per hour)`,
    `detected twice: ${shipped.detectedTwice.twice} of ${shipped.detectedTwice.hits} detected recordings at that threshold, ${detectedTwice.twice} of ${detectedTwice.hits} at ${atFalseAcceptsPerHour} false accepts per hour; the second detection counts as a false accept`,
  ];
  if (snrDb.positives !== null) {
    const { p5, p50, p95 } = snrDb.positives;
    lines.push(
      `speech-to-noise ratio of the recordings of the word: median ${p50} dB, 5th to 95th percentile ${p5} to ${p95} dB`,
    );
  }
  if (latencyMs !== null)
    lines.push(
      `latency from the end of the word: ${latencyMs.p50.toFixed(0)} ms (p50), ${latencyMs.p90.toFixed(0)} ms (p90)`,
    );
  return `${lines.join("\n")}\n`;
}

/** Table of the mean over labels. */
function formatMean({ labels, operatingPoints, shipped }: MeanFigures): string {
  const lines = [
    `mean of ${labels} labels`,
    "",
    "false accepts/h   missed   95 %",
    ...operatingPoints.map(
      ({ falseAcceptsPerHour, falseRejectRate, resampledInterval: { low, high }, isMeasurable }) =>
        [
          `${isMeasurable ? "" : "* "}${falseAcceptsPerHour}`.padStart(15),
          percent(falseRejectRate).padStart(9),
          `   ${(100 * low).toFixed(1)} to ${percent(high)}`,
        ].join(""),
    ),
    "",
    `at the card's thresholds: ${percent(shipped.falseRejectRate)} missed, ${shipped.falseAcceptsPerHour.toFixed(2)} false accepts per hour`,
  ];
  return `${lines.join("\n")}\n`;
}

/** One line of the table; the interval is over resampled speakers or files, "at most" the upper bound of the rate counted. */
function formatPoint(point: KeywordPoint): string {
  const { falseAcceptsPerHour, resampledInterval: interval, threshold, isMeasurable } = point;
  const between = `${(100 * interval.low).toFixed(1)} to ${percent(interval.high)}`;
  return [
    `${isMeasurable ? "" : "* "}${falseAcceptsPerHour}`.padStart(15),
    percent(point.falseRejectRate).padStart(9),
    `   ${between.padEnd(15)}`,
    String(point.misses).padStart(8),
    String(point.falseAccepts).padStart(10),
    `${point.falseAcceptsInterval.high.toFixed(2)}/h`.padStart(10),
    `   ${threshold ?? "none is within the rate"}`,
  ].join("");
}

function commandLine(flags: KeywordFlags): string {
  return [
    "callsign eval keyword --model",
    flags.model,
    ...recordingArguments(flags),
    ...detectorArguments(flags),
  ].join(" ");
}
