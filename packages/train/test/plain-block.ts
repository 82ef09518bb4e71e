import type { DenseBlock, TensorFlow } from "@callsign/train";
import type { Tensor2D } from "@tensorflow/tfjs-core";

/** Linear, LayerNorm, ReLU in plain operations for autodiff: what the fused block is held against, and raced with. */
export const plainBlock =
  (tf: TensorFlow): DenseBlock =>
  (x, { weight, bias, gamma, beta }) => {
    const product = tf.add(tf.matMul(x, weight, false, true), bias);
    const { mean, variance } = tf.moments(product, 1, true);
    const normalised = tf.mul(tf.sub(product, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.relu(tf.add<Tensor2D>(tf.mul(normalised, gamma), beta));
  };
