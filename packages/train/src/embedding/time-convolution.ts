import type { Rank, Tensor, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import { transposedProduct } from "../models/layers/products.ts";
import type { EmbeddingLayer } from "./embedding-network.ts";

/** Product of a convolution, one row for each output position. */
export interface Convolved {
  /** `[batch * frames * bins, outputs]` */
  readonly rows: Tensor2D;
  /** Frames and bins of the output. */
  readonly frames: number;
  readonly bins: number;
}

/**
 * Convolution of x `[batch, frames, bins, inputs]` as one matrix product, with its own gradient: inputs are unfolded over bins
 * only, the product is computed for all frame taps at once, and its shifted columns are summed. Unfolding over frames too,
 * as usual, takes about twice the time on a CPU, since then most of a step is copying. A stride over frames is applied by
 * viewing that many frames as channels of one.
 * @param weight `[outputs, inputs, kernel frames, kernel bins]`
 */
export function convolve(
  tf: TensorFlow,
  x: Tensor4D,
  { weight, layer }: { readonly weight: Tensor; readonly layer: EmbeddingLayer },
): Convolved {
  const [batch] = x.shape;
  const { kernel, stride, outputs, bins } = layer;
  const taps = Math.ceil(kernel[0] / stride[0]);
  const count = Math.floor((x.shape[1] - kernel[0]) / stride[0]) + 1;
  const folded = foldFrames(tf, x, { stride: stride[0], frames: count + taps - 1 });
  const unfolded = unfoldBins(tf, folded, { ...layer, inputs: layer.inputs * stride[0] });
  const columns = tapColumns(tf, weight, { ...layer, taps });
  const shape = { batch, frames: count + taps - 1, bins: bins[1], outputs, taps };
  return { rows: sumOfTaps(tf, unfolded, { columns, shape }), frames: count, bins: bins[1] };
}

/** x `[batch, frames * stride, bins, inputs]` as `[batch, frames, bins, stride * inputs]`; frames are cut or zeros appended. */
function foldFrames(
  tf: TensorFlow,
  x: Tensor4D,
  { stride, frames }: { readonly stride: number; readonly frames: number },
): Tensor4D {
  const [batch, given, bins, inputs] = x.shape;
  const wanted = frames * stride;
  const whole =
    given === wanted
      ? x
      : given > wanted
        ? tf.slice(x, [0, 0, 0, 0], [batch, wanted, bins, inputs])
        : tf.pad(x, [
            [0, 0],
            [0, wanted - given],
            [0, 0],
            [0, 0],
          ]);
  if (stride === 1) return whole;
  const split = tf.reshape<Rank.R5>(whole, [batch, frames, stride, bins, inputs]);
  return tf.reshape<Rank.R4>(tf.transpose(split, [0, 1, 3, 2, 4]), [batch, frames, bins, stride * inputs]);
}

/** Rows `[batch * frames * bins out, kernel bins * inputs]` of the bins that each output reads. */
function unfoldBins(
  tf: TensorFlow,
  x: Tensor4D,
  { inputs, kernel, stride, padding, bins }: EmbeddingLayer,
): Tensor2D {
  const [batch, frames] = x.shape;
  const frameRows = batch * frames;
  const rows = tf.reshape<Rank.R3>(x, [frameRows, bins[0], inputs]);
  const [taps, step, count] = [kernel[1], stride[1], bins[1]];
  const whole = Math.ceil(Math.max(bins[0] + 2 * padding, (count - 1) * step + taps) / step);
  const after = whole * step - bins[0] - padding;
  const padded: Tensor3D =
    padding === 0 && after === 0
      ? rows
      : tf.pad(rows, [
          [0, 0],
          [padding, after],
          [0, 0],
        ]);
  if (taps === 1 && step === 1) return tf.reshape<Rank.R2>(padded, [frameRows * count, inputs]);
  const strided = tf.reshape<Rank.R3>(padded, [frameRows, whole, step * inputs]);
  // Taps of one group of `step` bins lie beside each other.
  const parts: Tensor3D[] = [];
  for (let tap = 0; tap < taps; tap += step) {
    const width = Math.min(step, taps - tap) * inputs;
    parts.push(tf.slice(strided, [0, tap / step, 0], [frameRows, count, width]));
  }
  const joined = parts.length === 1 ? parts[0]! : tf.concat(parts, 2);
  return tf.reshape<Rank.R2>(joined, [frameRows * count, taps * inputs]);
}

/** Weights `[kernel bins * stride * inputs, taps * outputs]` in the order of `unfoldBins` after `foldFrames`. */
function tapColumns(
  tf: TensorFlow,
  weight: Tensor,
  { inputs, outputs, kernel, stride, taps }: EmbeddingLayer & { readonly taps: number },
): Tensor2D {
  const missing = taps * stride[0] - kernel[0];
  const even =
    missing === 0
      ? weight
      : tf.pad(weight, [
          [0, 0],
          [0, 0],
          [0, missing],
          [0, 0],
        ]);
  const split = tf.reshape<Rank.R5>(even, [outputs, inputs, taps, stride[0], kernel[1]]);
  return tf.reshape<Rank.R2>(tf.transpose(split, [4, 3, 1, 2, 0]), [
    kernel[1] * stride[0] * inputs,
    taps * outputs,
  ]);
}

interface TapShape {
  readonly batch: number;
  readonly frames: number;
  readonly bins: number;
  readonly outputs: number;
  readonly taps: number;
}

/** y[t] = sum over taps a of (x columns)[t + a, a], as rows `[batch * (frames - taps + 1) * bins, outputs]`. */
function sumOfTaps(
  tf: TensorFlow,
  x: Tensor2D,
  { columns, shape }: { readonly columns: Tensor2D; readonly shape: TapShape },
): Tensor2D {
  const { batch, frames, bins, outputs, taps } = shape;
  const count = frames - taps + 1;
  const product = tf.customGrad((...inputs) => {
    const [x, columns, save] = inputs as unknown as [Tensor2D, Tensor2D, (tensors: Tensor[]) => void];
    save([x, columns]);
    const all = tf.reshape<Rank.R4>(tf.matMul(x, columns), [batch, frames, bins, taps * outputs]);
    let value: Tensor | undefined;
    for (let tap = 0; tap < taps; tap++) {
      const part = tf.slice(all, [0, tap, 0, tap * outputs], [batch, count, bins, outputs]);
      value = value === undefined ? part : tf.add(value, part);
    }
    const gradFunc = (upstream: Tensor2D, saved: Tensor[]): Tensor[] => {
      const [x, columns] = saved as [Tensor2D, Tensor2D];
      const rows = tf.reshape<Rank.R3>(upstream, [batch, count * bins, outputs]);
      const parts = Array.from({ length: taps }, (_, tap) =>
        taps === 1
          ? rows
          : tf.pad(rows, [
              [0, 0],
              [tap * bins, (taps - 1 - tap) * bins],
              [0, 0],
            ]),
      );
      const joined = taps === 1 ? rows : tf.concat(parts, 2);
      const spread = tf.reshape<Rank.R2>(joined, [batch * frames * bins, taps * outputs]);
      return [tf.matMul(spread, tf.transpose(columns)), transposedProduct(tf, x, spread)];
    };
    return { value: tf.reshape<Rank.R2>(value!, [batch * count * bins, outputs]), gradFunc };
  });
  return product(x, columns);
}
