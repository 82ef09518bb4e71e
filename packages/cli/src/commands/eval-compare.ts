import type { ComparedModel, ModelComparison, ModelPair } from "@callsign/eval";
import { CallsignError, commandLabels } from "@callsign/infer";
import type { Command } from "commander";

import { type CliContext, printJson } from "../context.ts";
import { addDetectorChoice, type DetectorChoice, openDetector } from "../open-detector.ts";
import {
  addRecordingOptions,
  labelOf,
  openRecordings,
  type OpenRecordings,
  type RecordingFlags,
} from "../recording-options.ts";
import { scoreModel } from "../score-model.ts";

interface CompareFlags extends RecordingFlags, DetectorChoice {
  readonly json?: boolean;
}

/** `callsign eval compare`: several models on the same recordings. */
export function registerEvalCompare(evaluate: Command, context: CliContext): void {
  const command = evaluate
    .command("compare")
    .description(
      "Compare several models, pair by pair, on the same recordings: which one misses fewer words at the same rate of false accepts.",
    )
    .argument("<model...>", "model folders, or .onnx heads without a card; two or more")
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval compare models/alexa alexa_v0.1.onnx --positives recordings/alexa --negatives recordings/speech",
    );
  addDetectorChoice(addRecordingOptions(command))
    .option("--json", "print one JSON document and nothing else on stdout")
    .action((models: string[], flags: CompareFlags) => compare(context, { models, flags }));
}

async function compare(
  context: CliContext,
  { models, flags }: { models: readonly string[]; flags: CompareFlags },
): Promise<void> {
  if (models.length < 2)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `compare: expected two models or more, got ${models[0]} alone`,
    );
  const { compareModels } = await import("@callsign/eval");
  const recordings = await openRecordings(context, flags);
  const compared: ComparedModel[] = [];
  for (const model of models)
    compared.push(await evaluateModel(context, model, { models, flags, recordings }));
  const comparison = compareModels(compared);
  if (flags.json) printJson(context, comparison);
  else context.stdout(formatComparison(comparison));
}

async function evaluateModel(
  context: CliContext,
  model: string,
  options: { models: readonly string[]; flags: CompareFlags; recordings: OpenRecordings },
): Promise<ComparedModel> {
  const { models, flags, recordings } = options;
  const { evaluateKeyword } = await import("@callsign/eval");
  context.stderr(`${model}\n`);
  const detector = await openDetector(context, { ...flags, model, models });
  const faults: string[] = [];
  try {
    const { decision } = detector.card;
    const labels = commandLabels(detector.card);
    // A public head calls its only label as its file is called: no name fits them all.
    const label = labels.length === 1 ? labels[0]! : labelOf(detector, flags.label);
    const onFault = (message: string): void => void faults.push(message);
    const scored = await scoreModel(context, detector, { label, recordings, onFault });
    const { patience, refractorySeconds, thresholds } = decision;
    const evaluation = evaluateKeyword({
      ...scored,
      decision: { patience, refractorySeconds, threshold: thresholds[label]! },
      atFalseAcceptsPerHour: flags.at,
    });
    return { model, label, evaluation, positives: scored.positives };
  } finally {
    for (const fault of faults) context.stderr(`left out: ${fault}\n`);
    await detector.dispose();
  }
}

function formatComparison({ models, pairs, atFalseAcceptsPerHour }: ModelComparison): string {
  const { positives, negativeHours } = models[0]!;
  const rates = models[0]!.operatingPoints.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour);
  const width = Math.max(...models.map(({ model }) => model.length));
  const row = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(9)).join("")}`;
  return [
    `${positives} recordings of the word, ${negativeHours.toFixed(2)} hours without it`,
    "",
    row(
      "missed at false accepts/h",
      rates.map((rate) => String(rate)),
    ),
    ...models.map(({ model, operatingPoints }) =>
      row(
        model,
        operatingPoints.map(({ falseRejectRate }) => `${(100 * falseRejectRate).toFixed(1)} %`),
      ),
    ),
    "",
    `each at its threshold for ${atFalseAcceptsPerHour} false accepts per hour:`,
    ...pairs.map(formatPair),
    "",
  ].join("\n");
}

function formatPair({ first, second, both, onlyFirst, onlySecond, neither, pValue }: ModelPair): string {
  const verdict =
    pValue >= 0.05 ? "no difference shown" : `${onlyFirst > onlySecond ? first : second} hears more`;
  return (
    `${first} (1) and ${second} (2): both heard ${both}, only (1) ${onlyFirst}, only (2) ${onlySecond}, ` +
    `neither ${neither}; McNemar p = ${pValue.toPrecision(2)}: ${verdict}`
  );
}
