import type { Random } from "@callsign/data/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import type { NoiseShapes } from "./people-noise.ts";

/** Rows of noise: a prime, so that each pass over them is aligned differently to the batches. */
const ROWS = 8191;

/** Levels relative to the standard deviation of each embedding value over the batch. */
export interface NoiseLevels {
  /** Noise drawn for each embedding. */
  readonly noise: number;
  /** Noise shared by all embeddings of a window. */
  readonly offset: number;
}

/** Precomputed Gaussian noise for embeddings; each batch reads from a random offset. Drawing fresh noise would take as long as a training step. */
export class EmbeddingNoise {
  readonly #levels: NoiseLevels;
  readonly #own: Float32Array;
  readonly #shared: Float32Array;
  readonly #isShaped: boolean;

  /** @param shapes shapes of the noise. Default: independent values, each in proportion to its standard deviation */
  constructor(levels: NoiseLevels, random: Random, shapes?: NoiseShapes) {
    this.#levels = levels;
    const normals = Float32Array.from({ length: ROWS * EMBEDDING.dimension }, () => random.normal());
    this.#own = shapes ? shaped(normals, shapes.within) : normals;
    this.#shared = shapes ? shaped(normals, shapes.between) : normals;
    this.#isShaped = shapes !== undefined;
  }

  /** Adds noise to windows `[size, embeddings, 96]` in place. Its total variance over the 96 values is the same for every shape. */
  addTo(
    features: Float32Array,
    { embeddings, random }: { readonly embeddings: number; readonly random: Random },
  ): void {
    const width = EMBEDDING.dimension;
    const { noise, offset } = this.#levels;
    const deviation = deviations(features);
    const total = Math.hypot(...deviation);
    const spread = this.#isShaped ? deviation.fill(total) : deviation;
    const [ownNoise, sharedNoise] = [this.#own, this.#shared];
    const own = Float32Array.from(spread, (value) => noise * value);
    const shared = new Float32Array(width);
    let from = random.integer(0, ROWS - 1);
    for (let row = 0; row < features.length; row += width, from = (from + 1) % ROWS) {
      if (offset > 0 && row % (embeddings * width) === 0) {
        const common = random.integer(0, ROWS - 1) * width;
        for (let i = 0; i < width; i++) shared[i] = offset * spread[i]! * sharedNoise[common + i]!;
      }
      const base = from * width;
      for (let i = 0; i < width; i++) features[row + i]! += own[i]! * ownNoise[base + i]! + shared[i]!;
    }
  }
}

/** Multiplies rows of normals by a lower triangular matrix. */
function shaped(normals: Float32Array, lower: Float64Array): Float32Array {
  const width = EMBEDDING.dimension;
  const values = new Float32Array(normals.length);
  for (let row = 0; row < normals.length; row += width)
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += lower[i * width + k]! * normals[row + k]!;
      values[row + i] = sum;
    }
  return values;
}

/** Approximate number of rows from which deviations are computed, with an error of about 2 %. */
const SAMPLED_ROWS = 1024;

/** Standard deviation of each value over an even sample of the rows. */
function deviations(embeddings: Float32Array): Float64Array {
  const width = EMBEDDING.dimension;
  // Odd, so that the sample has rows from all positions in a window.
  const step = Math.max(1, Math.floor(embeddings.length / width / SAMPLED_ROWS)) | 1;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  let rows = 0;
  for (let row = 0; row < embeddings.length; row += step * width, rows++)
    for (let i = 0; i < width; i++) {
      const value = embeddings[row + i]!;
      sums[i]! += value;
      squares[i]! += value * value;
    }
  return sums.map((sum, i) => Math.sqrt(Math.max(0, squares[i]! / rows - (sum / rows) ** 2)));
}
