/** A dense row-major matrix: element (r, c) is `data[r * columns + c]`. Log-mels are `[frames, 32]`, embeddings `[steps, 96]`. */
export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}
