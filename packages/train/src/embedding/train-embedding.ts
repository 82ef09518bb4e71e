import { createRandom, type LessonFile, type Random, type Split } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { Backend } from "../backends/backend.ts";
import { initialWeights } from "../weights/initial-weights.ts";
import { learningRateAt } from "../optimize/schedule.ts";
import type { EmbeddingCheckpoint } from "./embedding-checkpoint.ts";
import type { EmbeddingConfig } from "./embedding-config.ts";
import { type Agreement, EmbeddingLearner } from "./embedding-learner.ts";
import { embeddingNetwork } from "./embedding-network.ts";
import type { LayerMoments, TrainedEmbedding } from "./encode-embedding.ts";
import { disposeLessons, LessonFeed } from "./lesson-feed.ts";

/** Inputs of a training other than its config. */
export interface EmbeddingTraining {
  readonly backend: Backend;
  /** Opens one file of lessons, which is made if needed. Called for all files at the start, in order. */
  readonly lessons: (split: Split, index: number) => Promise<LessonFile>;
  /** Checkpoint to resume from. */
  readonly from?: EmbeddingCheckpoint | undefined;
  /** Stores a checkpoint. */
  readonly save: (checkpoint: EmbeddingCheckpoint) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Progress of a training. */
export interface EmbeddingProgress {
  readonly step: number;
  /** Loss of the last batch. */
  readonly loss: number;
  /** Agreement with the teacher on validation lessons; undefined at steps without validation. */
  readonly agreement: Agreement | undefined;
}

/**
 * Trains a student on the teacher's embeddings by distillation (mean squared error of standardised values, and cosine),
 * then measures the statistics of its normalisations.
 * @throws CallsignError `ABORTED` after storing a checkpoint, `LOSS_NOT_FINITE`
 */
export async function* trainEmbedding(
  config: EmbeddingConfig,
  training: EmbeddingTraining,
): AsyncGenerator<EmbeddingProgress, TrainedEmbedding> {
  const { from, signal, save } = training;
  const { tf } = training.backend;
  const { steps, validateEvery, saveEvery } = config.train;
  const network = embeddingNetwork(config.layers);
  const random = createRandom(config.seed);
  const feed = await LessonFeed.open(config, { tf, lessons: training.lessons });
  const weights = from?.weights ?? initialWeights(network, random.fork("weights"));
  const learner = new EmbeddingLearner(tf, { ...config.train, network, weights, state: from?.state });
  const keep = async (step: number): Promise<void> =>
    save({ step, weights: await learner.weights(), state: await learner.optimizerState() });
  try {
    for (let step = from?.step ?? 0; step < steps;) {
      if (signal?.aborted) {
        await keep(step);
        throw new CallsignError("ABORTED", "embedding: stopped; run it again to continue", {
          cause: signal.reason,
        });
      }
      const batch = await feed.training(step, random.fork(step));
      const loss = learner.step(batch, learningRateAt(step, config.train));
      await training.backend.submit();
      disposeLessons(tf, batch);
      step++;
      const [isLooked, isLast] = [step % validateEvery === 0, step === steps];
      if (step % REPORT_EVERY === 0 || isLooked || isLast) {
        const agreement = isLooked || isLast ? await look(learner, feed, random) : undefined;
        yield { step, loss: await readLoss(loss, step), agreement };
      }
      tf.dispose(loss);
      if (step % saveEvery === 0 || isLast) await keep(step);
    }
    return {
      weights: await learner.weights(),
      moments: await measureMoments(learner, feed, random),
      scale: feed.scale,
    };
  } finally {
    learner.dispose();
  }
}

const REPORT_EVERY = 50;
/** Batches over which the moments of normalisations are measured. */
const MOMENT_BATCHES = 40;
/** Batches in one validation. */
const VALIDATION_BATCHES = 4;

/** Reads a loss, which waits for the device. @throws CallsignError `LOSS_NOT_FINITE` */
async function readLoss(loss: { data(): Promise<ArrayLike<number>> }, step: number): Promise<number> {
  const value = (await loss.data())[0] ?? NaN;
  if (Number.isFinite(value)) return value;
  throw new CallsignError(
    "LOSS_NOT_FINITE",
    `embedding: the loss became ${value} by step ${step}; lower train.learningRate. The last checkpoint is kept`,
  );
}

async function look(learner: EmbeddingLearner, feed: LessonFeed, random: Random): Promise<Agreement> {
  const agreements: Agreement[] = [];
  for (let i = 0; i < VALIDATION_BATCHES; i++) {
    const batch = feed.validation(random.fork("validation").fork(i));
    agreements.push(await learner.agreement(batch));
    disposeLessons(feed.tf, batch);
  }
  const mean = (key: keyof Agreement): number =>
    agreements.reduce((sum, one) => sum + one[key], 0) / agreements.length;
  return { cosine: mean("cosine"), r2: mean("r2") };
}

/** Mean and variance of every normalised layer over many batches: E[v + m^2] - E[m]^2. */
async function measureMoments(
  learner: EmbeddingLearner,
  feed: LessonFeed,
  random: Random,
): Promise<Map<string, LayerMoments>> {
  const sums = new Map<string, { means: Float64Array; squares: Float64Array }>();
  for (let i = 0; i < MOMENT_BATCHES; i++) {
    const batch = await feed.training(Infinity, random.fork("moments").fork(i));
    for (const [name, { mean, variance }] of await learner.moments(batch)) {
      const sum = sums.get(name) ?? {
        means: new Float64Array(mean.length),
        squares: new Float64Array(mean.length),
      };
      for (const [j, value] of mean.entries()) {
        sum.means[j]! += value / MOMENT_BATCHES;
        sum.squares[j]! += (variance[j]! + value * value) / MOMENT_BATCHES;
      }
      sums.set(name, sum);
    }
    disposeLessons(feed.tf, batch);
  }
  return new Map(
    [...sums].map(([name, { means, squares }]) => [
      name,
      {
        mean: Float32Array.from(means),
        variance: Float32Array.from(squares, (square, i) => square - means[i]! ** 2),
      },
    ]),
  );
}
