import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../tensorflow.ts";
import type { EmbeddingLayer } from "./embedding-network.ts";
import { unfoldByGather } from "./unfold-by-gather.ts";
import { unfoldBySlices } from "./unfold-by-slices.ts";

/** What each output of a convolution reads, side by side, so that the convolution is one matrix product. */
export interface Unfolded {
  /** `[batch * frames * bins, kernel frames * kernel bins * inputs]` */
  readonly rows: Tensor2D;
  /** Frames and bins that come out. */
  readonly frames: number;
  readonly bins: number;
}

/**
 * Lays out x `[batch, frames, bins, inputs]` for a layer. A convolution itself has no gradient on wasm; this has, on
 * every backend, each in its faster way.
 */
export const unfold = (tf: TensorFlow, x: Tensor4D, layer: EmbeddingLayer): Unfolded =>
  LAUNCHING.has(tf.getBackend()) ? unfoldByGather(tf, x, layer) : unfoldBySlices(tf, x, layer);

/** Backends where each operation is a launch. */
const LAUNCHING: ReadonlySet<string> = new Set(["webgpu", "tensorflow"]);
