import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import type { EmbeddingLayer } from "./embedding-network.ts";
import { unfoldByGather } from "./unfold-by-gather.ts";
import { type Unfolded, unfoldBySlices } from "./unfold-by-slices.ts";

/**
 * Lays out x `[batch, frames, bins, inputs]` for a layer. A convolution itself has no gradient on wasm; this has, on
 * every backend, each in its faster way.
 */
export const unfold = (tf: TensorFlow, x: Tensor4D, layer: EmbeddingLayer): Unfolded =>
  LAUNCHING.has(tf.getBackend()) ? unfoldByGather(tf, x, layer) : unfoldBySlices(tf, x, layer);

/** Backends where each operation is a launch. */
const LAUNCHING: ReadonlySet<string> = new Set(["webgpu", "tensorflow"]);
