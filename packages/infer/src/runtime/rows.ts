import type { MatrixBatch } from "./matrix-batch.ts";

/** Row `i` of rows of that length, not copied. */
export const row = (data: Float32Array, { length, i }: { length: number; i: number }): Float32Array =>
  data.subarray(i * length, (i + 1) * length);

/** Of every matrix the rows `from` to `to` (excluded); the batch itself where those are all. */
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
