import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import type { FeatureStore } from "../shards/feature-store.ts";
import type { ShardTable } from "../shards/shard-table.ts";
import { negativeGroupOf } from "./negative-shares.ts";

/** Shapes of noise: lower triangular matrices `[96, 96]` that turn independent normals into noise with a total variance of 1. */
export interface NoiseShapes {
  /** Differences of a recording's embeddings from their mean: what is said, and how. */
  readonly within: Float64Array;
  /** Differences between the means of recordings: voice, room and microphone. */
  readonly between: Float64Array;
}

/** Maximum number of recordings that shapes are computed from; 96 values need about a thousand rows. */
const MAX_RECORDINGS = 5000;
const MIN_RECORDINGS = 20;
/** Share of the mean variance added to every value, since a covariance of few recordings is singular. */
const RIDGE = 1e-3;

/**
 * Measures how embeddings of people's speech differ within a recording and between recordings, in the training split's corpora
 * and recordings; no labels are needed. It approximates how the same word differs between people: a recording's mean over time
 * depends little on what is said, and much on the speaker and the room.
 * @throws CallsignError `CLASS_EMPTY` with fewer than 20 recordings
 */
export function measurePeople(
  tables: readonly ShardTable[],
  { features }: { readonly features: FeatureStore },
): NoiseShapes {
  const within = new Covariance();
  const means: Float64Array[] = [];
  for (const [shard, table] of tables.entries()) {
    if (table.split !== "train" || negativeGroupOf(table.kind) !== "people") continue;
    if (means.length >= MAX_RECORDINGS) break;
    const clips = table.windows.clipRanges().filter(([from, to]) => to - from > 1);
    // Precomputed features may be single windows, which say nothing about a recording.
    if (clips.length === 0) continue;
    const rows = features.rows(shard);
    for (const [from, to] of clips) {
      const own = Array.from({ length: to - from }, (_, i) => rowOf(rows, table.windows.rowOf(from + i)));
      const mean = meanOf(own);
      means.push(mean);
      for (const row of own) within.add(row, mean);
    }
  }
  if (means.length < MIN_RECORDINGS)
    throw new CallsignError(
      "CLASS_EMPTY",
      `train.noiseShape: people: expected at least ${MIN_RECORDINGS} recordings of people's speech in split train, got ${means.length}; ` +
        "add some to data.corpora, or set train.noiseShape to round",
    );
  const between = new Covariance();
  const centre = meanOf(means);
  for (const mean of means) between.add(mean, centre);
  return { within: within.shape(), between: between.shape() };
}

/** Covariance, summed row by row. */
class Covariance {
  readonly #sums = new Float64Array(EMBEDDING.dimension ** 2);

  add(row: ArrayLike<number>, mean: Float64Array): void {
    const width = EMBEDDING.dimension;
    const deviation = mean.map((value, i) => row[i]! - value);
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++) this.#sums[i * width + j]! += deviation[i]! * deviation[j]!;
  }

  /** Cholesky factor of the covariance scaled to a total variance of 1. */
  shape(): Float64Array {
    const width = EMBEDDING.dimension;
    let total = 0;
    for (let i = 0; i < width; i++) total += this.#sums[i * width + i]!;
    const scaled = this.#sums.map((sum) => sum / total / (1 + RIDGE));
    for (let i = 0; i < width; i++) scaled[i * width + i]! += RIDGE / (1 + RIDGE) / width;
    return cholesky(scaled, width);
  }
}

/** Lower triangle L with L L^T = A, for a positive definite A given by its lower triangle, row-major. */
export function cholesky(matrix: Float64Array, width: number): Float64Array {
  const lower = new Float64Array(matrix.length);
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * width + j]!;
      for (let k = 0; k < j; k++) value -= lower[i * width + k]! * lower[j * width + k]!;
      lower[i * width + j] = i === j ? Math.sqrt(value) : value / lower[j * width + j]!;
    }
  return lower;
}

const rowOf = (rows: Float32Array, row: number): Float32Array =>
  rows.subarray(row * EMBEDDING.dimension, (row + 1) * EMBEDDING.dimension);

function meanOf(rows: readonly ArrayLike<number>[]): Float64Array {
  const mean = new Float64Array(EMBEDDING.dimension);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i]! += row[i]! / rows.length;
  return mean;
}
