import { setImmediate } from "node:timers/promises";

import { CallsignError } from "@callsign/audio/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";
import type { Scalar } from "@tensorflow/tfjs-core";

import type { HostBatch } from "../batches/batches.ts";
import { flattenWeights } from "../weights/flat-weights.ts";
import type { TrainConfig } from "../config/config-train.ts";
import { estimableRate } from "../select/choose-threshold.ts";
import type { LossOptions } from "../optimize/loss.ts";
import { findHardNegatives } from "../batches/hard-negatives.ts";
import { learningRateAt } from "../optimize/schedule.ts";
import { describeWindow } from "../shards/shard-table.ts";
import { writeTrainingCheckpoint } from "./checkpoint.ts";
import { type Run, scoringOf, startRun, type TrainEvent, type TrainRunOptions } from "./run.ts";
import type { EpochRecord, TrainingState } from "./state.ts";
import { describeHours, isBetter, judge, scoreValidation, type Validation } from "../select/validate.ts";

/**
 * Training loop: epochs of steps, each followed by validation and a checkpoint. It can be stopped or killed at any time;
 * resuming from the last checkpoint gives the same weights.
 * @throws CallsignError `LOSS_NOT_FINITE`, `ABORTED` (after writing a checkpoint), `FILE_WRITE_FAILED`
 */
export async function* trainEpochs(options: TrainRunOptions): AsyncGenerator<TrainEvent, Run> {
  const { config, state, checkpointFile, metricsFile, identity } = options;
  const run = startRun(options);
  const { epochs, stepsPerEpoch, mining, selection } = config.train;
  while (state.history.length < epochs && !hasStalled(state, selection.stopAfterEpochs)) {
    const started = options.now();
    const loaderMs = yield* runSteps(run);
    const stepsMs = options.now() - started;
    const scored = await scoreValidation({ tables: run.shards.tables, config }, scoringOf(run));
    const validation = judge(scored, { config, training: run.training });
    await copyWeights(run);
    const isBest = state.best[0] === undefined || isBetter(validation.criterion, state.best[0].criterion);
    const epoch = state.history.length + 1;
    const samples = stepsPerEpoch * (config.train.batch.positives + config.train.batch.negatives);
    const record: EpochRecord = {
      epoch,
      step: state.step,
      trainLoss: state.lossSum / stepsPerEpoch,
      validation,
      learningRate: learningRateOf(run, state.step - 1),
      negativeWeight: state.negativeWeight,
      hardNegatives: state.hard.length,
      isBest,
      seconds: (options.now() - started) / 1000,
      samplesPerSecond: samples / (stepsMs / 1000),
      loaderShare: loaderMs / stepsMs,
    };
    keepBest(run, validation);
    state.history = [...state.history, record];
    state.lossSum = 0;
    raiseNegativeWeight(run, validation);
    if (mining.everyEpochs > 0 && epoch % mining.everyEpochs === 0 && epoch < epochs) {
      state.hard = yield* findHardNegatives(run);
      run.batches.setHard(state.hard);
    }
    await saveCheckpoint(run);
    await writeFileAtomic(metricsFile, state.history.map((one) => `${JSON.stringify(one)}\n`).join(""));
    yield { kind: "epoch", record };
    if (epoch === 1 && run.training.goal === "detection")
      yield { kind: "note", note: hoursNote(validation, selection) };
  }
  await writeTrainingCheckpoint(checkpointFile, state, identity);
  return run;
}

function hoursNote({ hours }: Validation, { falseAcceptsPerHour: rate }: TrainConfig["selection"]): string {
  const lowest = estimableRate(rate, hours);
  return (
    `validation: false accepts per hour are from ${describeHours(hours)}` +
    (lowest > rate
      ? `, too little for a target of ${rate} per hour; thresholds are for ${lowest.toPrecision(2)} per hour`
      : "") +
    (hours.talk === "people" ? "" : "; add people's speech to data.corpora for a better estimate")
  );
}

/** Steps between reads of the losses; each read waits for the device. */
const STEPS_PER_LOOK = 16;

/** Runs the remaining steps of an epoch; returns the milliseconds spent on making batches. */
async function* runSteps(run: Run): AsyncGenerator<TrainEvent, number> {
  const { backend, config, state, batches, now, signal } = run;
  const { epochs, stepsPerEpoch } = config.train;
  const end = (state.history.length + 1) * stepsPerEpoch;
  let loaderMs = 0;
  let pending: { readonly loss: Scalar; readonly step: number; readonly batch: HostBatch }[] = [];
  while (state.step < end) {
    const before = now();
    const batch = batches.at(state.step);
    loaderMs += now() - before;
    pending.push({ loss: takeStep(run, batch), step: state.step, batch });
    await backend.submit();
    state.step++;
    if (pending.length < STEPS_PER_LOOK && state.step < end) continue;
    for (const one of pending) state.lossSum += await readLoss(run, one);
    pending = [];
    yield {
      kind: "progress",
      progress: { stage: "train", done: state.step, total: epochs * stepsPerEpoch, unit: "steps" },
    };
    // Yields to the event loop, so that abort signals are handled: backends in host memory never wait.
    await setImmediate();
    if (signal?.aborted) {
      await copyWeights(run);
      await saveCheckpoint(run);
      throw new CallsignError(
        "ABORTED",
        `train: stopped after step ${state.step}; continue from ${run.checkpointFile} with --resume`,
        { cause: signal.reason },
      );
    }
  }
  return loaderMs;
}

function takeStep(run: Run, { features: values, targets: truth }: HostBatch): Scalar {
  const { learner, architecture, config, state } = run;
  const { tf } = run.backend;
  const size = truth.length / config.labels.length;
  const features = tf.tensor(values, [size, ...architecture.featureShape]);
  const targets = tf.tensor2d(truth, [size, config.labels.length]);
  const loss = learner.step(
    { features, targets },
    {
      learningRate: learningRateOf(run, state.step),
      loss: lossOf(run),
      // Lower at first, so that the initial weights soon leave the average.
      averageDecay: Math.min(config.train.averageDecay, (1 + state.step) / (10 + state.step)),
    },
  );
  tf.dispose([features, targets]);
  return loss;
}

async function readLoss(
  { backend, shards, state, checkpointFile }: Run,
  { loss, step, batch }: { readonly loss: Scalar; readonly step: number; readonly batch: HostBatch },
): Promise<number> {
  const value = (await loss.data())[0]!;
  backend.tf.dispose(loss);
  if (Number.isFinite(value)) return value;
  const kept =
    state.history.length > 0
      ? `the checkpoint of epoch ${state.history.length} is kept in ${checkpointFile}`
      : "there is no earlier checkpoint";
  throw new CallsignError(
    "LOSS_NOT_FINITE",
    `train: the loss of step ${step + 1} is ${value}; its batch begins with ${await describeWindow(shards.tables, batch.places[0]!)}; ` +
      `${kept}; a lower train.optimizer.learningRate or a longer warmUp helps`,
  );
}

function lossOf({ config: { train }, state }: Run): LossOptions {
  const { kind, gamma, labelSmoothing, positiveWeight } = train.loss;
  const focalGamma = kind === "focal" ? gamma : 0;
  return { focalGamma, labelSmoothing, positiveWeight, negativeWeight: state.negativeWeight };
}

function learningRateOf({ config: { train }, training }: Run, step: number): number {
  const { warmUp, final } = train.optimizer;
  return learningRateAt(step, {
    learningRate: training.learningRate,
    steps: train.epochs * train.stepsPerEpoch,
    warmUp,
    final,
  });
}

async function copyWeights({ architecture, learner, state }: Run): Promise<void> {
  state.weights = flattenWeights(architecture, await learner.weights());
  state.average = await learner.average();
}

async function saveCheckpoint({ learner, state, checkpointFile, identity }: Run): Promise<void> {
  state.optimizer = await learner.optimizerState();
  await writeTrainingCheckpoint(checkpointFile, state, identity);
}

function keepBest({ config, state }: Run, { criterion }: Validation): void {
  const epoch = state.history.length + 1;
  state.best = [...state.best, { epoch, criterion, weights: state.average ?? state.weights }]
    .toSorted((a, b) =>
      isBetter(a.criterion, b.criterion) ? -1 : isBetter(b.criterion, a.criterion) ? 1 : 0,
    )
    .slice(0, config.train.selection.average);
}

/** Raises the weight of negatives after an epoch with more false accepts than the target. */
function raiseNegativeWeight({ config, state }: Run, { labels }: Validation): void {
  const { raiseNegativeWeight: factor, mostNegativeWeight } = config.train.loss;
  const { falseAcceptsPerHour } = config.train.selection;
  if (labels.some(({ atHalf }) => atHalf.falseAcceptsPerHour > falseAcceptsPerHour))
    state.negativeWeight = Math.min(
      state.negativeWeight * factor,
      Math.max(mostNegativeWeight, state.negativeWeight),
    );
}

function hasStalled({ best, history }: TrainingState, epochs: number): boolean {
  return epochs > 0 && best[0] !== undefined && history.length - best[0].epoch >= epochs;
}
