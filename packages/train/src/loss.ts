import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.ts";

export interface LossOptions {
  /** Share by which targets are drawn towards 1/2. Default 0. */
  readonly labelSmoothing?: number;
  /** Exponent of the focal loss (Lin et al. 2017, arXiv 1708.02002); 0, the default, is plain cross-entropy. */
  readonly focalGamma?: number;
  /** Factors on the loss of positive and of negative targets. Default 1. */
  readonly positiveWeight?: number;
  readonly negativeWeight?: number;
}

export interface LossInput {
  /** `[batch, labels]`. */
  readonly logits: Tensor2D;
  /** 0 to 1, `[batch, labels]`. */
  readonly targets: Tensor2D;
  /** Factor on each example's loss, `[batch, 1]` or `[batch, labels]`. */
  readonly weights?: Tensor2D;
}

/**
 * Mean over examples and labels of the weighted binary cross-entropy of independent sigmoids, from logits so that no
 * logarithm of zero can arise. A target between 0 and 1 (mixup) has the class weights in its proportion.
 */
export function binaryLoss(
  tf: TensorFlow,
  { logits, targets, weights }: LossInput,
  options: LossOptions = {},
): Scalar {
  const { labelSmoothing = 0, focalGamma = 0, positiveWeight = 1, negativeWeight = 1 } = options;
  const soft =
    labelSmoothing === 0 ? targets : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / 2);
  // max(z, 0) - z y + log(1 + exp(-|z|)), with relu for max: wasm's maximum is 36 times slower.
  let loss: Tensor = tf.add(
    tf.sub(tf.relu(logits), tf.mul(logits, soft)),
    tf.log(tf.add(tf.exp(tf.neg(tf.abs(logits))), 1)),
  );
  // exp(-loss) is the probability given to the target.
  if (focalGamma > 0) loss = tf.mul(loss, tf.pow(tf.sub(1, tf.exp(tf.neg(loss))), focalGamma));
  if (positiveWeight !== negativeWeight)
    loss = tf.mul(loss, tf.add(tf.mul(targets, positiveWeight - negativeWeight), negativeWeight));
  else if (positiveWeight !== 1) loss = tf.mul(loss, positiveWeight);
  if (weights) loss = tf.mul(loss, weights);
  return tf.mean(loss);
}
