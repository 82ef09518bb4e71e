import { createRandom } from "@callsign/data/internal";

import type { AdamWState } from "../optimize/adamw.ts";
import type { DetectorConfig } from "../config/config.ts";
import { flattenWeights } from "../weights/flat-weights.ts";
import { initialWeights } from "../weights/initial-weights.ts";
import type { Architecture } from "../models/architecture.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import type { WindowPlace } from "../shards/shard-table.ts";
import type { Validation } from "../select/validate.ts";

/** One line of metrics.jsonl. Reproducible, except for times and speeds. */
export interface EpochRecord {
  /** Number of the epoch, from 1. */
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
  /** Share of the training time spent on making batches. */
  readonly loaderShare: number;
}

/** Weights of one of the best epochs. */
export interface BestEpoch {
  readonly epoch: number;
  readonly criterion: Validation["criterion"];
  readonly weights: Float32Array;
}

/** State of a training between two steps; the content of a checkpoint. */
export interface TrainingState {
  step: number;
  /** Sum of the losses of the current epoch. */
  lossSum: number;
  negativeWeight: number;
  weights: Float32Array;
  optimizer: AdamWState | undefined;
  /** Moving average of the weights; undefined without one, or before the first step. */
  average: Float32Array | undefined;
  history: readonly EpochRecord[];
  /** Best epochs, best first. */
  best: readonly BestEpoch[];
  hard: readonly WindowPlace[];
}

/** State before the first step. */
export const initialState = (
  architecture: Architecture,
  { config, training }: { readonly config: DetectorConfig; readonly training: ResolvedTraining },
): TrainingState => ({
  step: 0,
  lossSum: 0,
  negativeWeight: config.train.loss.negativeWeight,
  weights: startAtPrior(
    flattenWeights(architecture, initialWeights(architecture, createRandom(training.seed).fork("weights"))),
    { architecture, batch: config.train.batch },
  ),
  optimizer: undefined,
  average: undefined,
  history: [],
  best: [],
  hard: [],
});

/**
 * Sets the bias of the output layer, the last values of each member, to the logit of a label's share of a batch (Lin et al. 2017, arXiv
 * 1708.02002, 4.1). Starting from zero, many rare labels would take hundreds of steps to reach it.
 */
function startAtPrior(
  weights: Float32Array,
  {
    architecture,
    batch,
  }: { readonly architecture: Architecture; readonly batch: DetectorConfig["train"]["batch"] },
): Float32Array {
  const { labels, members = 1 } = architecture;
  const share = batch.positives / (batch.positives + batch.negatives) / labels;
  const length = weights.length / members;
  for (let end = length; end <= weights.length; end += length)
    weights.fill(Math.log(share / (1 - share)), end - labels, end);
  return weights;
}
