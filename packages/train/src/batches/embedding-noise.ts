import type { Random } from "@callsign/data/internal";
import { EMBEDDING } from "@callsign/infer/internal";

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
  readonly #normals: Float32Array;

  constructor(levels: NoiseLevels, random: Random) {
    this.#levels = levels;
    this.#normals = Float32Array.from({ length: ROWS * EMBEDDING.dimension }, () => random.normal());
  }

  /** Adds noise to windows `[size, embeddings, 96]` in place. */
  addTo(
    features: Float32Array,
    { embeddings, random }: { readonly embeddings: number; readonly random: Random },
  ): void {
    const width = EMBEDDING.dimension;
    const normals = this.#normals;
    const { noise, offset } = this.#levels;
    const spread = deviations(features);
    const own = Float32Array.from(spread, (deviation) => noise * deviation);
    const shared = new Float32Array(width);
    let from = random.integer(0, ROWS - 1);
    for (let row = 0; row < features.length; row += width, from = (from + 1) % ROWS) {
      if (offset > 0 && row % (embeddings * width) === 0) {
        const common = random.integer(0, ROWS - 1) * width;
        for (let i = 0; i < width; i++) shared[i] = offset * spread[i]! * normals[common + i]!;
      }
      const base = from * width;
      for (let i = 0; i < width; i++) features[row + i]! += own[i]! * normals[base + i]! + shared[i]!;
    }
  }
}

/** Rows that the deviations are computed of, about: their error is then 2 %. */
const SAMPLED_ROWS = 1024;

/** Standard deviation of each value over the rows, an even sample of them. */
function deviations(embeddings: Float32Array): Float64Array {
  const width = EMBEDDING.dimension;
  // Odd, so that the sample has rows of all places of a window.
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
