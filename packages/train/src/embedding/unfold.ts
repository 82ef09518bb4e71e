import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import type { EmbeddingLayer } from "./embedding-network.ts";
import { unfoldByGather } from "./unfold-by-gather.ts";
import { type Unfolded, unfoldBySlices } from "./unfold-by-slices.ts";

/**
 * Unfolds x `[batch, frames, bins, inputs]` for a layer, in the faster way for the backend. Used because wasm has no
 * gradient of a convolution.
 */
export const unfold = (tf: TensorFlow, x: Tensor4D, layer: EmbeddingLayer): Unfolded =>
  LAUNCHING.has(tf.getBackend()) ? unfoldByGather(tf, x, layer) : unfoldBySlices(tf, x, layer);

/** Backends with a launch cost per operation. */
const LAUNCHING: ReadonlySet<string> = new Set(["webgpu", "tensorflow"]);
