import { join } from "node:path";

import { CallsignError } from "@callsign/infer";
import { knownEmbedding, toolIdentity, writeFileAtomic } from "@callsign/infer/node";

import type { Backend } from "./backends/backend.ts";
import type { DetectorConfig } from "./config.ts";
import { keepEarlierTraining, TRAINING_FILES, trainingSettings } from "./earlier-training.ts";
import { type ExportedModel, exportModel } from "./export-model.ts";
import { finishTraining, type FinishedTraining } from "./finish-training.ts";
import { formatModelReadme } from "./model-readme.ts";
import { createArchitecture } from "./models/create-architecture.ts";
import { parameterCount } from "./models/architecture.ts";
import { resolveTraining } from "./resolve-training.ts";
import { type OpenedShards, openShards } from "./shards/open-shards.ts";
import { trainEpochs } from "./train-epochs.ts";
import type { Run, TrainEvent } from "./training-run.ts";
import { readTrainingCheckpoint } from "./training-checkpoint.ts";
import { writeTrainingReport } from "./training-report.ts";
import { type EpochRecord, initialState } from "./training-state.ts";

export interface TrainDetectorOptions {
  readonly config: DetectorConfig;
  /** Folder of a finished data build. */
  readonly dataDir: string;
  /** Folder of the model; made if missing. */
  readonly outDir: string;
  readonly backend: Backend;
  /**
   * Continue from the checkpoint in `outDir`, if there is one. A training that starts from the beginning copies what an
   * earlier one left in `outDir` to a folder `earlier-N` there.
   */
  readonly resume?: boolean;
  /** Milliseconds; for the figures of speed only. Default `performance.now`. */
  readonly now?: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** What a training came to. */
export interface TrainedDetector {
  readonly model: ExportedModel;
  readonly finished: FinishedTraining;
  readonly history: readonly EpochRecord[];
  readonly reportFile: string;
}

/**
 * Shards to a model folder: trains, or goes on, then calibrates, chooses thresholds, exports and reports.
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
  if (found) yield { kind: "note", note: `goes on after step ${found.step} (epoch ${found.history.length})` };
  else {
    const kept = await keepEarlierTraining(outDir);
    if (kept !== undefined)
      yield { kind: "note", note: `trains from the beginning; the earlier training is kept in ${kept}` };
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
  }
}

async function finish(
  run: Run,
  { config, outDir, backend, signal }: TrainDetectorOptions,
): Promise<TrainedDetector> {
  if (signal?.aborted)
    throw new CallsignError("ABORTED", "train: stopped before the export; --resume goes on");
  const { shards, architecture, training, state } = run;
  const finished = await finishTraining(run);
  const { gitCommit } = toolIdentity();
  const { selection } = config.train;
  const data = licencesOf(shards);
  const model = await exportModel({
    architecture,
    weights: finished.weights,
    name: config.name,
    labels: config.labels.map(({ label }) => label),
    thresholds: Object.fromEntries(finished.labels.map(({ label, threshold }) => [label, threshold])),
    patience: selection.patience,
    refractorySeconds: selection.refractorySeconds,
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

/** For the card: what it was trained on, one entry a source and licence. */
const licencesOf = ({ index }: OpenedShards) =>
  index.licences.map(({ source, licence, clips, seconds }) => ({
    name: `${source}: ${clips} clips, ${(seconds / 60).toFixed(1)} min`,
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
