import type { Rank, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { linearProduct } from "../models/linear-product.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { batchNormBlock } from "./batch-norm-block.ts";
import type { EmbeddingLayer, EmbeddingNetwork } from "./embedding-network.ts";
import { unfold } from "./unfold.ts";

/** What a forward pass calculates with. */
export interface EmbeddingForward {
  readonly tf: TensorFlow;
  readonly network: EmbeddingNetwork;
  /** A parameter in its spec's shape. */
  readonly parameter: (name: string) => Tensor;
}

/** Told of each normalised layer's input `[rows, kernel * inputs]` and its weight `[outputs, kernel * inputs]`. */
export type LayerListener = (layer: EmbeddingLayer, x: Tensor2D, weight: Tensor2D) => void;

/**
 * Embeddings `[batch * steps, 96]`, standardised, of log-mels `[batch, frames, 32]`, each layer normalised by the batch
 * itself.
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
    const { rows, frames, bins } = unfold(tf, x, layer);
    const weight = rowWeight(tf, parameter(`${layer.name}.weight`), layer);
    if (i === last) return linearProduct(tf, rows, { weight, bias: parameter(`${layer.name}.bias`) });
    onLayer?.(layer, rows, weight);
    const y = batchNormBlock(tf, rows, {
      weight,
      gain: parameter(`${layer.name}.gain`),
      offset: parameter(`${layer.name}.offset`),
    });
    x = tf.reshape(y, [batch, frames, bins, layer.outputs]);
  }
  throw new RangeError("an embedding network has layers");
}

/** Weight `[outputs, inputs, frames, bins]` as rows in the order of `unfold`: frame, bin, input. */
const rowWeight = (tf: TensorFlow, weight: Tensor, { inputs, outputs, kernel }: EmbeddingLayer): Tensor2D =>
  tf.reshape(tf.transpose(weight, [0, 2, 3, 1]), [outputs, kernel[0] * kernel[1] * inputs]);
