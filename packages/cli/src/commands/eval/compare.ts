import type { ComparedModel, ModelComparison, ModelPair } from "@callsign/eval/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { Command } from "commander";

import { type CliContext, printJson } from "../../context.ts";
import { addLoadOptions, type LoadFlags, MODEL_HELP, openDetector } from "../../flags/detector.ts";
import {
  addRecordingOptions,
  labelsOf,
  ONLY_LABEL,
  openRecordings,
  type OpenRecordings,
  type RecordingFlags,
} from "./recording-options.ts";
import { scoreModel } from "./score-model.ts";

interface CompareFlags extends RecordingFlags, LoadFlags {
  readonly json?: boolean;
}

/** Registers `callsign eval compare`: several models on the same recordings. */
export function registerEvalCompare(evaluate: Command, context: CliContext): void {
  const command = evaluate
    .command("compare")
    .description(
      "Compare two or more models pair by pair on the same recordings: which one misses fewer words at equal false accepts.",
    )
    .argument("<model...>", `two or more models: each a ${MODEL_HELP}`)
    .addHelpText(
      "after",
      "\nExample:\n  callsign eval compare models/alexa alexa_v0.1.onnx --positives recordings/alexa --negatives recordings/speech",
    );
  addLoadOptions(addRecordingOptions(command))
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
      `eval compare: expected two or more models, got only ${models[0]}`,
    );
  const { compareModels } = await import("@callsign/eval/internal");
  const recordings = await openRecordings(context, flags);
  const compared = new Map<string, ComparedModel[]>([...recordings.words.keys()].map((key) => [key, []]));
  for (const model of models)
    for (const [key, one] of await evaluateModel(context, model, { models, flags, recordings }))
      compared.get(key)!.push(one);
  const comparisons = [...compared].map(([key, some]) => ({ key, comparison: compareModels(some) }));
  const [first, ...others] = comparisons;
  if (flags.json)
    printJson(
      context,
      others.length === 0
        ? first!.comparison
        : { labels: comparisons.map(({ key, comparison }) => ({ label: key, ...comparison })) },
    );
  else
    context.stdout(
      comparisons
        .map(
          ({ key, comparison }) => `${key === ONLY_LABEL ? "" : `"${key}": `}${formatComparison(comparison)}`,
        )
        .join("\n"),
    );
}

/** Evaluations of one model, by the keys of `recordings.words`. */
async function evaluateModel(
  context: CliContext,
  model: string,
  options: { models: readonly string[]; flags: CompareFlags; recordings: OpenRecordings },
): Promise<ReadonlyMap<string, ComparedModel>> {
  const { models, flags, recordings } = options;
  const { evaluateKeyword } = await import("@callsign/eval/internal");
  context.stderr(`${model}\n`);
  const detector = await openDetector(context, [model], { ...flags, commandModels: models });
  const faults: string[] = [];
  try {
    const labels = await labelsOf(detector, recordings, { label: flags.label, takesAnyName: true });
    const onFault = (message: string): void => void faults.push(message);
    const scored = await scoreModel(context, detector, { labels, recordings, onFault });
    const { patience, refractorySeconds, thresholds } = detector.card.decision;
    return new Map(
      [...scored].map(([key, found]) => {
        const label = labels.get(key)!;
        const decision = { patience, refractorySeconds, threshold: thresholds[label]! };
        const evaluation = evaluateKeyword({ ...found, decision, atFalseAcceptsPerHour: flags.at });
        return [key, { model, label, evaluation, positives: found.positives }];
      }),
    );
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

function formatPair(pair: ModelPair): string {
  const { first, second, both, onlyFirst, onlySecond, neither, pValue, difference, differenceInterval } =
    pair;
  const points = (share: number): string => (100 * share).toFixed(1);
  const verdict =
    pValue >= 0.05 ? "no difference shown" : `${onlyFirst > onlySecond ? first : second} misses fewer`;
  return (
    `${first} (1) and ${second} (2): both detected ${both}, only (1) ${onlyFirst}, only (2) ${onlySecond}, ` +
    `neither ${neither}; McNemar p = ${pValue.toPrecision(2)}: ${verdict}; ` +
    `misses of (1) minus those of (2): ${points(difference)} percentage points, 95 % ${points(differenceInterval.low)} to ${points(differenceInterval.high)}`
  );
}
