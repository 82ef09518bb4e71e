import type { Rank, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../../backends/import-tensorflow.ts";

/** a^T b for a `[rows, n]`, b `[rows, m]`. wasm's matMul is eight times slower with its transpose flag than after a transpose. */
export const transposedProduct = (tf: TensorFlow, a: Tensor2D, b: Tensor2D): Tensor2D =>
  isWasm(tf) ? tf.matMul(tf.transpose(a), b) : tf.matMul(a, b, true);

/** Sums over rows, `[columns]`. On wasm computed as a product with ones, which takes a ninth of the time. */
export function sumRows(tf: TensorFlow, rows: Tensor2D): Tensor {
  if (!isWasm(tf)) return tf.sum(rows, 0);
  const ones = tf.ones<Rank.R2>([rows.shape[0], 1]);
  return tf.reshape(tf.matMul(rows, ones, true), [rows.shape[1]]);
}

/** x weight^T + bias for x `[rows, inputs]`, weight `[outputs, inputs]`. */
export const affine = (
  tf: TensorFlow,
  x: Tensor2D,
  { weight, bias }: { readonly weight: Tensor2D; readonly bias: Tensor },
): Tensor2D => tf.fused.matMul({ a: x, b: tf.transpose(weight), bias }) as Tensor2D;

/**
 * x weight^T + bias for x `[rows, inputs]`, weight `[outputs, inputs]`, with its own gradient: that of TensorFlow.js uses
 * transpose flags, which are four times slower on wasm.
 */
export function linearProduct(
  tf: TensorFlow,
  x: Tensor2D,
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
): Tensor2D {
  const product = tf.customGrad((...inputs) => {
    const [x, weight, bias, save] = inputs as unknown as LinearInputs;
    save([x, weight]);
    const gradFunc = (upstream: Tensor2D, saved: Tensor[]): Tensor[] => {
      const [x, weight] = saved as [Tensor2D, Tensor2D];
      return [tf.matMul(upstream, weight), transposedProduct(tf, upstream, x), sumRows(tf, upstream)];
    };
    return { value: affine(tf, x, { weight, bias }), gradFunc };
  });
  return product(x, weight, bias);
}

type LinearInputs = [Tensor2D, Tensor2D, Tensor, (tensors: Tensor[]) => void];

const isWasm = (tf: TensorFlow): boolean => tf.getBackend() === "wasm";
