import { IGNORED } from "@callsign/data/internal";
import { detArea, type FalseAcceptRange, sigmoid } from "@callsign/eval/internal";
import type { DetectorConfig } from "../config/config.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import type { ShardTable } from "../shards/shard-table.ts";
import { type CostPoint, type LabelScores, leastCost } from "./expected-cost.ts";
import { gateStream } from "./choose-mute-gate.ts";
import { type RateHours, scoredStream } from "./scored-stream.ts";
import { scoreWindows, type ScoreOptions } from "./score-windows.ts";
import {
  chooseThreshold,
  detAreaRange,
  estimableRate,
  type ThresholdPoint,
  errorRatesAt,
  sweepThresholds,
} from "./choose-threshold.ts";

/** Logits of the validation split, by shard and by label. */
export interface ScoredValidation {
  readonly shards: readonly { readonly table: ShardTable; readonly logits: Float32Array }[];
  readonly labels: readonly LabelScores[];
}

/** Validation results of one label. */
export interface LabelValidation {
  readonly label: string;
  /** Expected cost per window, at the threshold where it is least. */
  readonly cost: CostPoint;
  /** DET area over the validation's `detAreaRange`, after the decision stage. */
  readonly detArea: number;
  /** Error rates at the target rate of false accepts. */
  readonly atTarget: ThresholdPoint;
  /** Error rates at a threshold of 0.5. */
  readonly atHalf: ThresholdPoint;
}

export interface Validation {
  /** Mean cross-entropy with equal class weights. */
  readonly loss: number;
  readonly labels: readonly LabelValidation[];
  /** Audio in which false accepts are counted, and the range of rates of the DET area. */
  readonly hours: RateHours;
  readonly detAreaRange: FalseAcceptRange;
  /** Criterion by which the best epoch is chosen; compared in order, lower is better. */
  readonly criterion: readonly [number, number];
}

/** Scores every window of the validation split. */
export async function scoreValidation(
  { tables, config }: { readonly tables: readonly ShardTable[]; readonly config: DetectorConfig },
  scoring: ScoreOptions,
): Promise<ScoredValidation> {
  const shards: { table: ShardTable; logits: Float32Array }[] = [];
  for (const [shard, table] of tables.entries()) {
    if (table.split !== "validation") continue;
    const windows = Int32Array.from({ length: table.windows.length }, (_, i) => i);
    shards.push({ table, logits: await scoreWindows({ table, shard, windows }, scoring) });
  }
  const labels = config.labels.map((_, label) =>
    labelScores(shards, { label, labels: config.labels.length }),
  );
  return { shards, labels };
}

/** Computes validation results from scores. */
export function judge(
  { shards, labels: scores }: ScoredValidation,
  { config, training }: { readonly config: DetectorConfig; readonly training: ResolvedTraining },
): Validation {
  const streams = config.labels.map((_, label) => streamOf(shards, { config, label }));
  const { hours } = streams[0]!;
  const range = detAreaRange(hours);
  const rate = estimableRate(config.train.selection.falseAcceptsPerHour, hours);
  const labels = config.labels.map(({ label }, i): LabelValidation => {
    const stream = streams[i]!;
    const curve = sweepThresholds(stream, training.timing);
    return {
      label,
      cost: leastCost(toScores(scores[i]!), training.costs),
      detArea: detArea(curve.points, range),
      atTarget: chooseThreshold(curve, rate),
      atHalf: errorRatesAt(stream, { ...training.timing, threshold: 0.5 }),
    };
  });
  const loss = meanOf(scores.map(balancedLoss));
  const criterion: [number, number] =
    training.goal === "gate"
      ? [meanOf(labels.map(({ cost }) => cost.cost)), loss]
      : [
          meanOf(labels.map((one) => one.detArea)),
          meanOf(labels.map(({ atTarget }) => atTarget.falseRejectRate)),
        ];
  return { loss, labels, hours, detAreaRange: range, criterion };
}

/** Whether the first criterion is better. */
export const isBetter = (a: Validation["criterion"], b: Validation["criterion"]): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** Scores of a label over the validation split, as a stream. */
export const streamOf = (
  shards: ScoredValidation["shards"],
  { config, label }: { readonly config: DetectorConfig; readonly label: number },
) =>
  scoredStream(shards, {
    label,
    labels: config.labels.length,
    hopLength: config.windowing.hopLength,
    patience: config.train.selection.patience,
    positivesAreStreams: config.windowing.kind === "embedding-sequence",
  });

/**
 * Scores of all labels over the validation split, as a stream for a mute gate. Positives are left out, since their
 * windows are drawn and not consecutive.
 */
export const gateStreamOf = (shards: ScoredValidation["shards"], config: DetectorConfig) =>
  gateStream(shards, {
    labels: config.labels.length,
    hopLength: config.windowing.hopLength,
    isStream: ({ kind }) => kind !== "positive",
  });

/** Describes the hours and kinds of audio in which false accepts are counted, for logs and reports. */
export const describeHours = ({ talk, talkHours, noiseHours }: RateHours): string =>
  `${formatHours(talkHours)} of ${talk === "people" ? "people's speech" : "synthetic speech"}` +
  (noiseHours > 0 ? ` and ${formatHours(noiseHours)} of noise` : "");

const formatHours = (hours: number): string =>
  hours < 1 ? `${Math.round(60 * hours)} min` : `${hours.toFixed(1)} h`;

/** Converts logits to scores. */
export const toScores = ({ positives, negatives }: LabelScores): LabelScores => ({
  positives: positives.map(sigmoid),
  negatives: negatives.map(sigmoid),
});

function labelScores(
  shards: ScoredValidation["shards"],
  { label, labels }: { readonly label: number; readonly labels: number },
): LabelScores {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (const { table, logits } of shards)
    for (const [i, outcome] of table.windows.columns().outcome.entries())
      if (outcome !== IGNORED) (outcome === label ? positives : negatives).push(logits[i * labels + label]!);
  return { positives: Float64Array.from(positives), negatives: Float64Array.from(negatives) };
}

function balancedLoss({ positives, negatives }: LabelScores): number {
  const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  const sum = (logits: Float64Array, sign: number): number =>
    logits.reduce((total, logit) => total + softplus(sign * logit), 0) / logits.length;
  return (sum(positives, -1) + sum(negatives, 1)) / 2;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
