import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { type ForwardContext, LAYER_NORM_EPSILON } from "./architecture.ts";
import { linearProduct } from "./linear-product.ts";

/** A linear layer on `[rows, inputs]`, its parameters named as in the checkpoint. */
export const linear = ({ tf, parameter }: ForwardContext, x: Tensor2D, name: string): Tensor2D =>
  linearProduct(tf, x, { weight: parameter(`${name}.weight`), bias: parameter(`${name}.bias`) });

/** Linear, LayerNorm, ReLU on `[rows, inputs]`. */
export const blockOf = (
  { denseBlock, parameter }: ForwardContext,
  x: Tensor2D,
  { dense, norm, first = false }: { readonly dense: string; readonly norm: string; readonly first?: boolean },
): Tensor2D =>
  denseBlock(
    x,
    {
      weight: parameter(`${dense}.weight`) as Tensor2D,
      bias: parameter(`${dense}.bias`),
      gamma: parameter(`${norm}.weight`),
      beta: parameter(`${norm}.bias`),
    },
    { first },
  );

/** Layer normalisation over the last axis, of any shape. */
export function layerNorm<Shaped extends Tensor>(
  { tf, parameter }: ForwardContext,
  x: Shaped,
  name: string,
): Shaped {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  // Not squaredDifference, whose gradient is wrong where it broadcasts.
  const variance = tf.mean(tf.square(centred), -1, true);
  const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, LAYER_NORM_EPSILON)));
  return tf.add(tf.mul(normalised, parameter(`${name}.weight`)), parameter(`${name}.bias`));
}
