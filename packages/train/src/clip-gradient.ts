import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./tensorflow.ts";

/** The gradient, scaled down where it is longer than `clipNorm`: as `torch.nn.utils.clip_grad_norm_`, with nothing read back from the device. */
export function clipGradient(tf: TensorFlow, gradient: Tensor1D, clipNorm: number): Tensor1D {
  if (clipNorm === Infinity) return gradient;
  const norm = tf.sqrt(tf.sum(tf.square(gradient)));
  return tf.mul(gradient, tf.minimum(tf.div(clipNorm, tf.add(norm, 1e-6)), 1));
}
