import type { Rank, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import { batchNorm } from "./batch-norm.ts";
import type { EmbeddingLayer, EmbeddingNetwork } from "./embedding-network.ts";
import { convolve } from "./time-convolution.ts";

/** Operations, network and parameters of a forward pass. */
export interface EmbeddingForward {
  readonly tf: TensorFlow;
  readonly network: EmbeddingNetwork;
  /** Parameter by name, in the shape of its spec. */
  readonly parameter: (name: string) => Tensor;
}

/** Called with the products `[rows, outputs]` of each layer that is normalised. */
export type LayerListener = (layer: EmbeddingLayer, products: Tensor2D) => void;

/**
 * Computes standardised embeddings `[batch * steps, 96]` of log-mels `[batch, frames, 32]`; layers are normalised by the
 * statistics of the batch.
 */
export function embedBatch(
  { tf, network, parameter }: EmbeddingForward,
  logMels: Tensor,
  onLayer?: LayerListener,
): Tensor2D {
  const [batch = 0, frames = 0, bins = 0] = logMels.shape;
  let x = tf.reshape<Rank.R4>(logMels, [batch, frames, bins, 1]);
  const last = network.layers.length - 1;
  for (const [i, layer] of network.layers.entries()) {
    const { rows, frames, bins } = convolve(tf, x, { weight: parameter(`${layer.name}.weight`), layer });
    if (i === last) return tf.add<Tensor2D>(rows, parameter(`${layer.name}.bias`));
    onLayer?.(layer, rows);
    const y = batchNorm(tf, rows, {
      gain: parameter(`${layer.name}.gain`),
      offset: parameter(`${layer.name}.offset`),
    });
    x = tf.reshape(y, [batch, frames, bins, layer.outputs]);
  }
  throw new RangeError("an embedding network has layers");
}
