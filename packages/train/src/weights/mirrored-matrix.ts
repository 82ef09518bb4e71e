import type { Random } from "@callsign/data/internal";

export interface MirroredMatrixOptions {
  /** Even. */
  readonly outputs: number;
  /** Even, unless `first`. */
  readonly inputs: number;
  /** Whether the inputs are plain values, not those of a mirrored layer. */
  readonly first: boolean;
  readonly random: Random;
}

/**
 * Mirrored ("looks-linear") initial weights `[outputs, inputs]`, with which a deep plain network is initially a linear map
 * (Balduzzi et al. 2017, "The Shattered Gradients Problem", arXiv 1702.08591): half of the outputs are the negatives of
 * the other half, so that what one ReLU cuts off another passes, and the next layer, mirrored in its inputs, recombines
 * them. With orthogonal halves every block of Linear, LayerNorm and ReLU is then a rotation, at any depth.
 */
export function mirroredMatrix({ outputs, inputs, first, random }: MirroredMatrixOptions): Float32Array {
  const [rows, columns] = [outputs / 2, first ? inputs : inputs / 2];
  const half = orthonormal(rows, columns, random);
  const matrix = new Float32Array(outputs * inputs);
  for (let r = 0; r < outputs; r++)
    for (let c = 0; c < inputs; c++) {
      const sign = r < rows === c < columns ? 1 : -1;
      matrix[r * inputs + c] = sign * half[r % rows]![c % columns]!;
    }
  return matrix;
}

/** Orthonormal rows; with more rows than columns, orthonormal within groups of `columns` rows. */
function orthonormal(rows: number, columns: number, random: Random): Float64Array[] {
  const done: Float64Array[] = [];
  while (done.length < rows) {
    const row = Float64Array.from({ length: columns }, () => random.normal());
    const group = done.slice(done.length - (done.length % columns));
    for (const other of group) {
      const along = dot(row, other);
      for (let i = 0; i < columns; i++) row[i]! -= along * other[i]!;
    }
    const length = Math.sqrt(dot(row, row));
    done.push(row.map((value) => value / length));
  }
  return done;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
