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
    const { noise, offset } = this.#levels;
    const spread = deviations(features);
    const own = spread.map((deviation) => noise * deviation);
    const shared = spread.map((deviation) => offset * deviation);
    let from = random.integer(0, ROWS - 1);
    let common = 0;
    for (let row = 0; row < features.length; row += width, from = (from + 1) % ROWS) {
      if (row % (embeddings * width) === 0) common = offset > 0 ? random.integer(0, ROWS - 1) : 0;
      for (let i = 0; i < width; i++) {
        const noises =
          own[i]! * this.#normals[from * width + i]! + shared[i]! * this.#normals[common * width + i]!;
        features[row + i] = features[row + i]! + noises;
      }
    }
  }
}

/** Standard deviation of each value over all rows. */
function deviations(embeddings: Float32Array): Float64Array {
  const width = EMBEDDING.dimension;
  const rows = embeddings.length / width;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let row = 0; row < embeddings.length; row += width)
    for (let i = 0; i < width; i++) {
      const value = embeddings[row + i]!;
      sums[i]! += value;
      squares[i]! += value * value;
    }
  return sums.map((sum, i) => Math.sqrt(Math.max(0, squares[i]! / rows - (sum / rows) ** 2)));
}
