/** Dense row-major matrix: element (r, c) is `data[r * columns + c]`. Log-mels are `[frames, 32]`, embeddings `[steps, 96]`. */
export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Matrices of one shape in a row: element (b, r, c) is `data[(b * rows + r) * columns + c]`. */
export interface MatrixBatch extends Matrix {
  readonly batch: number;
}

/** View of row `i` of a matrix with rows of `length` values. */
export const row = (data: Float32Array, { length, i }: { length: number; i: number }): Float32Array =>
  data.subarray(i * length, (i + 1) * length);

/** Rows `from` to `to` (exclusive) of every matrix; returns `batch` itself if these are all its rows. */
export function sliceRows(
  batch: MatrixBatch,
  { from, to }: { readonly from: number; readonly to: number },
): MatrixBatch {
  const { columns, rows } = batch;
  if (from === 0 && to === rows) return batch;
  const kept = (to - from) * columns;
  const data = new Float32Array(batch.batch * kept);
  for (let i = 0; i < batch.batch; i++) {
    const start = (i * rows + from) * columns;
    data.set(batch.data.subarray(start, start + kept), i * kept);
  }
  return { data, batch: batch.batch, rows: to - from, columns };
}
