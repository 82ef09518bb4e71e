import { createRandom } from "@callsign/data/internal";

import type { AdamWState } from "../optimize/adamw.ts";
import type { DetectorConfig } from "../config/config.ts";
import { flattenWeights } from "../weights/flat-weights.ts";
import { initialWeights } from "../weights/initial-weights.ts";
import type { Architecture } from "../models/architecture.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import type { WindowPlace } from "../shards/shard-table.ts";
import type { Validation } from "../select/validate.ts";

/** One line of metrics.jsonl. Seconds and shares of time differ from run to run; all else is reproducible. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  readonly step: number;
  readonly trainLoss: number;
  readonly validation: Validation;
  readonly learningRate: number;
  readonly negativeWeight: number;
  readonly hardNegatives: number;
  readonly isBest: boolean;
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /** Share of the time of the steps that went into making batches. */
  readonly loaderShare: number;
}

/** Weights of one of the best epochs. */
export interface BestEpoch {
  readonly epoch: number;
  readonly criterion: Validation["criterion"];
  readonly weights: Float32Array;
}

/** Everything a training is made of between two steps: what a checkpoint holds. */
export interface TrainingState {
  step: number;
  /** Over the steps of the epoch so far. */
  lossSum: number;
  negativeWeight: number;
  weights: Float32Array;
  optimizer: AdamWState | undefined;
  history: readonly EpochRecord[];
  /** The best first. */
  best: readonly BestEpoch[];
  hard: readonly WindowPlace[];
}

/** Before the first step. */
export const initialState = (
  architecture: Architecture,
  { config, training }: { readonly config: DetectorConfig; readonly training: ResolvedTraining },
): TrainingState => ({
  step: 0,
  lossSum: 0,
  negativeWeight: config.train.loss.negativeWeight,
  weights: flattenWeights(
    architecture,
    initialWeights(architecture, createRandom(training.seed).fork("weights")),
  ),
  optimizer: undefined,
  history: [],
  best: [],
  hard: [],
});
