import { createRandom } from "@callsign/data/internal";
import type { Progress } from "@callsign/infer/internal";

import type { Backend } from "../backends/backend.ts";
import { Batches } from "../batches/batches.ts";
import type { DetectorConfig } from "../config/config.ts";
import { splitWeights } from "../weights/flat-weights.ts";
import { Learner } from "../optimize/learner.ts";
import type { Architecture } from "../models/architecture.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import { FeatureCache } from "../shards/feature-cache.ts";
import type { OpenedShards } from "../shards/open-shards.ts";
import type { CheckpointIdentity } from "./checkpoint.ts";
import type { EpochRecord, TrainingState } from "./state.ts";
import type { ScoreOptions } from "../select/score-windows.ts";

export interface TrainRunOptions {
  readonly backend: Backend;
  readonly architecture: Architecture;
  readonly config: DetectorConfig;
  readonly training: ResolvedTraining;
  readonly shards: OpenedShards;
  /** Where it starts; changed as it goes. */
  readonly state: TrainingState;
  readonly identity: CheckpointIdentity;
  readonly checkpointFile: string;
  readonly metricsFile: string;
  /** Milliseconds; for the figures of speed only. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** What happens while a network is trained. */
export type TrainEvent =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "epoch"; readonly record: EpochRecord }
  | { readonly kind: "note"; readonly note: string };

/** A training under way: what the parts of the loop share. */
export interface Run extends TrainRunOptions {
  readonly learner: Learner;
  readonly batches: Batches;
  readonly cache: FeatureCache;
}

/** Loads what a training needs and puts the network where its state says. The caller disposes of the learner. */
export async function startRun(options: TrainRunOptions): Promise<Run> {
  const { backend, architecture, config, training, shards, state } = options;
  const { optimizer, memoryMiB } = config.train;
  const cache = new FeatureCache(shards.tables, { maxBytes: memoryMiB * 2 ** 20 });
  const batches = new Batches({
    tables: shards.tables,
    cache,
    labels: config.labels.length,
    embeddings: config.windowing.kind === "sliding-audio" ? 1 : config.windowing.embeddings,
    train: config.train,
    random: createRandom(training.seed).fork("batches"),
  });
  await batches.setHard(state.hard);
  const learner = new Learner(backend.tf, {
    architecture,
    weights: splitWeights(architecture, state.weights),
    optimizer: { weightDecay: optimizer.weightDecay, ...(state.optimizer && { state: state.optimizer }) },
    clipNorm: optimizer.clipNorm,
  });
  return { ...options, cache, batches, learner };
}

/** How windows are scored with the weights as they are. */
export const scoringOf = ({ backend, learner, cache, architecture }: Run): ScoreOptions => ({
  tf: backend.tf,
  learner,
  cache,
  featureShape: architecture.featureShape,
});
