import { createRandom } from "@callsign/data/internal";
import type { Progress } from "@callsign/infer/internal";

import type { Backend } from "../backends/backend.ts";
import { Batches } from "../batches/batches.ts";
import { measurePeople } from "../batches/people-noise.ts";
import type { DetectorConfig } from "../config/config.ts";
import { splitWeights } from "../weights/flat-weights.ts";
import { Learner } from "../optimize/learner.ts";
import type { Architecture } from "../models/architecture.ts";
import type { ResolvedTraining } from "../config/resolve-training.ts";
import { FeatureStore } from "../shards/feature-store.ts";
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
  /** State to start from; updated during training. */
  readonly state: TrainingState;
  readonly identity: CheckpointIdentity;
  readonly checkpointFile: string;
  readonly metricsFile: string;
  /** Clock in milliseconds, used for speed figures only. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Event emitted during training. */
export type TrainEvent =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "epoch"; readonly record: EpochRecord }
  | { readonly kind: "note"; readonly note: string };

/** Objects of a running training, shared by the parts of the loop. */
export interface Run extends TrainRunOptions {
  readonly learner: Learner;
  readonly batches: Batches;
  readonly features: FeatureStore;
}

/** Creates the objects of a training and restores its state. @throws CallsignError `CLASS_EMPTY`. The caller disposes the learner and closes the features. */
export function startRun(options: TrainRunOptions): Run {
  const { backend, architecture, config, training, shards, state } = options;
  const { optimizer, memoryMiB, averageDecay, noise, offset, noiseShape } = config.train;
  const features = new FeatureStore(shards.tables, { maxBytes: memoryMiB * 2 ** 20 });
  const batches = new Batches({
    tables: shards.tables,
    features,
    labels: config.labels.length,
    embeddings: config.windowing.kind === "sliding-audio" ? 1 : config.windowing.embeddings,
    train: config.train,
    noiseShapes:
      noiseShape === "people" && noise + offset > 0 ? measurePeople(shards.tables, { features }) : undefined,
    random: createRandom(training.seed).fork("batches"),
  });
  batches.setHard(state.hard);
  const learner = new Learner(backend.tf, {
    architecture,
    weights: splitWeights(architecture, state.weights),
    optimizer: { weightDecay: optimizer.weightDecay, ...(state.optimizer && { state: state.optimizer }) },
    clipNorm: optimizer.clipNorm,
    average: averageDecay > 0 && (state.average ?? true),
  });
  return { ...options, features, batches, learner };
}

/** Options to score windows with the current weights. */
export const scoringOf = ({ backend, learner, features, architecture }: Run): ScoreOptions => ({
  tf: backend.tf,
  learner,
  features,
  featureShape: architecture.featureShape,
});
