import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { sumRows } from "../models/layers/products.ts";
import type { TensorFlow } from "../backends/import-tensorflow.ts";

/** Epsilon of batch normalisation: PyTorch's default. */
export const BATCH_NORM_EPSILON = 1e-5;

/** relu(batchNorm(x)) over the rows of x `[rows, outputs]`, with its own gradient; gain and offset are `[outputs]`. */
export function batchNorm(
  tf: TensorFlow,
  x: Tensor2D,
  { gain, offset }: { readonly gain: Tensor; readonly offset: Tensor },
): Tensor2D {
  const block = tf.customGrad((...inputs) => {
    const [x, gain, offset, save] = inputs as unknown as [Tensor2D, Tensor1D, Tensor1D, Save];
    const { mean, variance } = rowMoments(tf, x);
    const scale = tf.rsqrt(tf.add<Tensor1D>(variance, BATCH_NORM_EPSILON));
    const factor = tf.mul<Tensor1D>(gain, scale);
    const centred = tf.sub<Tensor2D>(x, mean);
    const value = tf.relu(tf.add<Tensor2D>(tf.mul(centred, factor), offset));
    save([scale, factor, centred, value]);
    const gradFunc = (upstream: Tensor2D, saved: Tensor[]): Tensor[] =>
      backward(tf, upstream, saved as [Tensor1D, Tensor1D, Tensor2D, Tensor2D]);
    return { value, gradFunc };
  });
  return block(x, gain, offset);
}

type Save = (tensors: Tensor[]) => void;

/** Mean and variance `[columns]` over rows. */
export function rowMoments(
  tf: TensorFlow,
  x: Tensor2D,
): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
  const mean = columnMean(tf, x);
  return { mean, variance: columnMean(tf, tf.square(tf.sub(x, mean))) };
}

function backward(
  tf: TensorFlow,
  upstream: Tensor2D,
  [scale, factor, centred, value]: readonly [Tensor1D, Tensor1D, Tensor2D, Tensor2D],
): Tensor[] {
  const rows = upstream.shape[0];
  // The derivative of ReLU: 1 where its output is above 0.
  const active = tf.mul<Tensor2D>(upstream, tf.step(value));
  const offsetGradient = sumRows(tf, active);
  const gainGradient = tf.mul(sumRows(tf, tf.mul<Tensor2D>(active, centred)), scale);
  const along = tf.add(
    tf.mul(centred, tf.div(tf.mul(gainGradient, scale), rows)),
    tf.div(offsetGradient, rows),
  );
  return [tf.mul(tf.sub(active, along), factor), gainGradient, offsetGradient];
}

const columnMean = (tf: TensorFlow, rows: Tensor2D): Tensor1D =>
  tf.div<Tensor1D>(sumRows(tf, rows), rows.shape[0]);
