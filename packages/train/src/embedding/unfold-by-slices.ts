import type { Rank, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../tensorflow.ts";
import type { EmbeddingLayer } from "./embedding-network.ts";
import type { Unfolded } from "./unfold.ts";

/**
 * Lays out x `[batch, frames, bins, inputs]` for a layer by slices and concatenation: the fastest on wasm. Strides come
 * by viewing each two frames (or bins) as one row.
 */
export function unfoldBySlices(tf: TensorFlow, x: Tensor4D, layer: EmbeddingLayer): Unfolded {
  const [batch, frames] = x.shape;
  const { inputs, kernel, stride, padding, bins } = layer;
  const overBins = taps(tf, padBins(tf, tf.reshape(x, [batch * frames, bins[0], inputs]), layer), {
    kernel: kernel[1],
    stride: stride[1],
    count: bins[1],
    width: inputs,
  });
  // [batch * frames, bins out, kernel bins * inputs]
  const besides = padding === 0 && kernel[1] === 1 ? inputs : kernel[1] * inputs;
  const width = bins[1] * besides;
  const count = Math.floor((frames - kernel[0]) / stride[0]) + 1;
  const rows = tf.reshape(overBins, [batch, frames, width]) as unknown as Tensor3D;
  const parts = tapList(tf, rows, { kernel: kernel[0], stride: stride[0], count, width }).map((tap) =>
    tf.reshape(tap, [batch * count * bins[1], besides]),
  );
  return { rows: joined(tf, parts, 1) as unknown as Tensor2D, frames: count, bins: bins[1] };
}

function padBins(tf: TensorFlow, x: Tensor3D, { padding }: EmbeddingLayer): Tensor3D {
  if (padding === 0) return x;
  return tf.pad(x, [
    [0, 0],
    [padding, padding],
    [0, 0],
  ]);
}

interface Taps {
  readonly kernel: number;
  readonly stride: number;
  /** Outputs along the axis. */
  readonly count: number;
  /** Values at one place of the axis. */
  readonly width: number;
}

/** x `[rows, places, width]` to `[rows, count, kernel * width]`. */
const taps = (tf: TensorFlow, x: Tensor3D, options: Taps): Tensor3D =>
  joined(tf, tapList(tf, x, options), 2) as Tensor3D;

/** The values `[rows, count, width]` that tap 0, 1, ... of the kernel reads. */
function tapList(tf: TensorFlow, x: Tensor3D, { kernel, stride, count, width }: Taps): Tensor3D[] {
  const [rows, places] = x.shape;
  if (stride === 1)
    return Array.from({ length: kernel }, (_, tap) => tf.slice(x, [0, tap, 0], [rows, count, width]));
  const whole = Math.ceil(places / stride);
  const missing = whole * stride - places;
  const even =
    missing === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [0, missing],
          [0, 0],
        ]);
  const strided = tf.reshape<Rank.R3>(even, [rows, whole, stride * width]);
  return Array.from({ length: kernel }, (_, tap) =>
    tf.slice(strided, [0, Math.floor(tap / stride), (tap % stride) * width], [rows, count, width]),
  );
}

const joined = (tf: TensorFlow, parts: Tensor3D[] | ReturnType<TensorFlow["reshape"]>[], axis: number) =>
  parts.length === 1 ? parts[0]! : tf.concat(parts as Tensor3D[], axis);
