import type { Rank, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../tensorflow.ts";

/** a^T b for a `[rows, n]`, b `[rows, m]`. wasm's matMul is eight times slower with its transpose flag than after a transpose. */
export const transposedProduct = (tf: TensorFlow, a: Tensor2D, b: Tensor2D): Tensor2D =>
  isWasm(tf) ? tf.matMul(tf.transpose(a), b) : tf.matMul(a, b, true);

/** Sums `[columns]` down the rows. On wasm a product with ones, a ninth of the time; elsewhere plainly. */
export function sumRows(tf: TensorFlow, rows: Tensor2D): Tensor {
  if (!isWasm(tf)) return tf.sum(rows, 0);
  const ones = tf.ones<Rank.R2>([rows.shape[0], 1]);
  return tf.reshape(tf.matMul(rows, ones, true), [rows.shape[1]]);
}

/** x weight^T + bias for x `[rows, inputs]`, weight `[outputs, inputs]`; the transpose of the small weight is always cheap. */
export const affine = (
  tf: TensorFlow,
  x: Tensor2D,
  { weight, bias }: { readonly weight: Tensor2D; readonly bias: Tensor },
): Tensor2D => tf.fused.matMul({ a: x, b: tf.transpose(weight), bias }) as Tensor2D;

const isWasm = (tf: TensorFlow): boolean => tf.getBackend() === "wasm";
