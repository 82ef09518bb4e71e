import type { Random } from "@callsign/data";
import { EMBEDDING } from "@callsign/infer";

/** Rows of normal noise kept: a prime, so that passes over them fall on other rows each time. */
const ROWS = 8191;

/** Normal noise for embeddings, drawn once and laid on every batch from another place on: drawing it anew takes as long as a step. */
export class NoiseTape {
  readonly #level: number;
  readonly #tape: Float32Array;

  /** `level`: in standard deviations of each of an embedding's values over the batch. */
  constructor(level: number, random: Random) {
    this.#level = level;
    this.#tape = Float32Array.from({ length: ROWS * EMBEDDING.dimension }, () => random.normal());
  }

  /** Adds noise to embeddings `[rows, 96]` in place. */
  addTo(embeddings: Float32Array, random: Random): void {
    const width = EMBEDDING.dimension;
    const scales = deviations(embeddings).map((deviation) => this.#level * deviation);
    let from = random.integer(0, ROWS - 1);
    for (let row = 0; row < embeddings.length; row += width, from = (from + 1) % ROWS)
      for (let i = 0; i < width; i++)
        embeddings[row + i] = embeddings[row + i]! + scales[i]! * this.#tape[from * width + i]!;
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
