import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { knownEmbedding, toolIdentity, writeFileAtomic } from "@callsign/infer/node/internal";

import type { Backend } from "../backends/backend.ts";
import type { DetectorConfig } from "../config/config.ts";
import { keepEarlierTraining, TRAINING_FILES, trainingSettings } from "./earlier-training.ts";
import { type ExportedModel, exportModel } from "../export/export-model.ts";
import { finishTraining, type FinishedTraining } from "../select/finish-training.ts";
import { formatModelReadme } from "../export/model-readme.ts";
import { createArchitecture } from "../models/create-architecture.ts";
import { parameterCount } from "../weights/parameters.ts";
import { resolveTraining } from "../config/resolve-training.ts";
import { type OpenedShards, openShards } from "../shards/open-shards.ts";
import { trainEpochs } from "./train-epochs.ts";
import type { Run, TrainEvent } from "./run.ts";
import { readTrainingCheckpoint } from "./checkpoint.ts";
import { writeTrainingReport } from "../export/training-report.ts";
import { type EpochRecord, initialState } from "./state.ts";

export interface TrainDetectorOptions {
  readonly config: DetectorConfig;
  /** Folder of a finished data build. */
  readonly dataDir: string;
  /** Folder of the model; created if missing. */
  readonly outDir: string;
  readonly backend: Backend;
  /**
   * Resumes from the checkpoint in `outDir`, if there is one. Otherwise files of an earlier training in `outDir` are
   * copied to a folder `earlier-N` there.
   */
  readonly resume?: boolean;
  /** Clock in milliseconds, used for speed figures only. Default `performance.now`. */
  readonly now?: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Result of a training. */
export interface TrainedDetector {
  readonly model: ExportedModel;
  readonly finished: FinishedTraining;
  readonly history: readonly EpochRecord[];
  readonly reportFile: string;
}

/**
 * Trains a detector from feature shards (or resumes), then calibrates it, chooses thresholds, exports the model and
 * writes the report.
 * @throws CallsignError `SHARD_MISMATCH`, `FEATURES_NOT_FINITE`, `CLASS_EMPTY`, `CHECKPOINT_MISMATCH`,
 * `LOSS_NOT_FINITE`, `FILE_NOT_FOUND`, `FILE_WRITE_FAILED`, `ABORTED`
 */
export async function* trainDetector(
  options: TrainDetectorOptions,
): AsyncGenerator<TrainEvent, TrainedDetector> {
  const { config, dataDir, outDir, backend, signal } = options;
  const training = resolveTraining(config);
  const architecture = createArchitecture(training.architecture);
  const shards = yield* asEvents(openShards(dataDir, { config, policy: training.policy, signal }));
  const checkpointFile = join(outDir, TRAINING_FILES.checkpoint);
  const identity = {
    architecture,
    settings: trainingSettings(config, training),
    shardsSha256: shards.sha256,
  };
  const found = options.resume ? await readTrainingCheckpoint(checkpointFile, identity) : undefined;
  if (found) yield { kind: "note", note: `resumes after step ${found.step} (epoch ${found.history.length})` };
  else {
    const kept = await keepEarlierTraining(outDir);
    if (kept !== undefined)
      yield { kind: "note", note: `starts from the beginning; the earlier training is kept in ${kept}` };
  }
  const run = yield* trainEpochs({
    backend,
    architecture,
    config,
    training,
    shards,
    state: found ?? initialState(architecture, { config, training }),
    identity,
    checkpointFile,
    metricsFile: join(outDir, TRAINING_FILES.metrics),
    now: options.now ?? (() => performance.now()),
    signal,
  });
  try {
    return await finish(run, options);
  } finally {
    run.learner.dispose();
    run.features.close();
  }
}

async function finish(
  run: Run,
  { config, outDir, backend, signal }: TrainDetectorOptions,
): Promise<TrainedDetector> {
  if (signal?.aborted)
    throw new CallsignError("ABORTED", "train: stopped before the export; continue with --resume");
  const { shards, architecture, training, state } = run;
  const finished = await finishTraining(run);
  const { gitCommit } = toolIdentity();
  const data = licencesOf(shards);
  const model = await exportModel({
    architecture,
    weights: finished.weights,
    name: config.name,
    labels: config.labels.map(({ label }) => label),
    thresholds: Object.fromEntries(finished.labels.map(({ label, threshold }) => [label, threshold])),
    ...training.timing,
    gate: finished.gate,
    testTimeAugmentation: config.train.testTimeAugmentation,
    windowing: config.windowing,
    embedding: embeddingOf(shards),
    operatingPoints: Object.fromEntries(finished.labels.map(({ label, curve }) => [label, [...curve]])),
    training: summarize(run, { finished, backend }),
    data,
    ...(gitCommit !== undefined && { gitCommit }),
    outDir,
    ...(signal && { signal }),
  });
  const parts = { config, training, finished, history: state.history, model, data, backend };
  await writeFileAtomic(
    join(outDir, TRAINING_FILES.readme),
    formatModelReadme({ ...parts, parameters: parameterCount(architecture) }),
  );
  const reportFile = join(outDir, TRAINING_FILES.report);
  await writeTrainingReport(parts, { reportFile, jsonFile: join(outDir, TRAINING_FILES.reportJson) });
  return { model, finished, history: state.history, reportFile };
}

function embeddingOf({ index }: OpenedShards) {
  const sha256 = index.frontend.embeddingSha256;
  const isGoogle = knownEmbedding(sha256)?.id === "google-speech-embedding";
  return { id: isGoogle ? ("google-speech-embedding" as const) : ("callsign-embedding" as const), sha256 };
}

/** Training data for the card: one entry per source and licence. */
const licencesOf = ({ index }: OpenedShards) =>
  index.licences.map(({ source, licence, clips, seconds }) => ({
    name: `${source}: ${clips > 0 ? `${clips} clips` : "precomputed features"}, ${(seconds / 60).toFixed(1)} min`,
    licence,
    source,
  }));

function summarize(
  { config, training, state, shards }: Run,
  { finished, backend }: { readonly finished: FinishedTraining; readonly backend: Backend },
): Record<string, unknown> {
  return {
    seed: training.seed,
    architecture: training.architecture,
    goal: training.goal,
    epochs: state.history.length,
    averagedEpochs: finished.epochs,
    steps: state.step,
    backend: backend.name,
    shardsSha256: shards.sha256,
    phrases: Object.fromEntries(config.labels.map(({ label, phrases }) => [label, phrases])),
    validation: finished.labels.map(({ curve: _curve, ...label }) => label),
    config: config.train,
  };
}

async function* asEvents(stage: ReturnType<typeof openShards>): AsyncGenerator<TrainEvent, OpenedShards> {
  for (;;) {
    const { done, value } = await stage.next();
    if (done) return value;
    yield { kind: "progress", progress: value };
  }
}
