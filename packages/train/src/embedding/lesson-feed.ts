import { type LessonShard, type Random } from "@callsign/data/internal";
import { EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import type { LessonBatch } from "./embedding-learner.ts";

/** Mean and standard deviation of the teacher's embeddings, `[96]` each. */
export interface TeacherScale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Computes mean and standard deviation of the teacher's embeddings over lessons. */
export function teacherScale(shards: readonly LessonShard[]): TeacherScale {
  const { dimension } = EMBEDDING;
  const [sums, squares] = [new Float64Array(dimension), new Float64Array(dimension)];
  let count = 0;
  for (const { embeddings } of shards) {
    for (const [i, value] of embeddings.entries()) {
      sums[i % dimension]! += value;
      squares[i % dimension]! += value * value;
    }
    count += embeddings.length / dimension;
  }
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const deviation = Float32Array.from(squares, (sum, i) => Math.sqrt(sum / count - (sums[i]! / count) ** 2));
  return { mean, deviation };
}

/** Draws random segments of lessons as tensors; the caller disposes them. */
export function drawLessons(
  tf: TensorFlow,
  shards: readonly LessonShard[],
  options: {
    readonly random: Random;
    readonly batch: number;
    readonly embeddings: number;
    readonly scale: TeacherScale;
  },
): LessonBatch {
  const { random, batch, embeddings, scale } = options;
  const { windowFrames, strideFrames, dimension } = EMBEDDING;
  const frames = windowFrames + (embeddings - 1) * strideFrames;
  const logMels = new Float32Array(batch * frames * LOG_MEL.melBins);
  const targets = new Float32Array(batch * embeddings * dimension);
  for (let i = 0; i < batch; i++) {
    const shard = random.choice(shards);
    const lesson = random.integer(0, shard.lessons - 1);
    const step = random.integer(0, shard.steps - embeddings);
    const row = lesson * shard.frames + step * strideFrames;
    logMels.set(
      shard.logMels.subarray(row * LOG_MEL.melBins, (row + frames) * LOG_MEL.melBins),
      i * frames * LOG_MEL.melBins,
    );
    const first = lesson * shard.steps + step;
    const wanted = shard.embeddings.subarray(first * dimension, (first + embeddings) * dimension);
    for (const [j, value] of wanted.entries()) {
      const d = j % dimension;
      targets[i * embeddings * dimension + j] = (value - scale.mean[d]!) / scale.deviation[d]!;
    }
  }
  return {
    logMels: tf.tensor3d(logMels, [batch, frames, LOG_MEL.melBins]),
    targets: tf.tensor2d(targets, [batch * embeddings, dimension]),
  };
}

/**
 * Number of shards in use at a step. Shards are added one by one over the first `arrival` of the steps, so that training
 * starts before all are made and does not depend on how fast they are made.
 */
export const shardsInUse = (
  step: number,
  { steps, arrival, total }: { readonly steps: number; readonly arrival: number; readonly total: number },
): number =>
  arrival === 0
    ? total
    : Math.min(total, Math.max(1, Math.ceil((total * (step + 1)) / Math.max(1, arrival * steps))));
