/** Equal matrices one after another: element (b, r, c) is `data[(b * rows + r) * columns + c]`. */
export interface MatrixBatch {
  readonly data: Float32Array;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
}
