import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../tensorflow.ts";
import { type DenseBlock, LAYER_NORM_EPSILON } from "./architecture.ts";
import { affine, sumRows, transposedProduct } from "./products.ts";

/**
 * Linear, LayerNorm and ReLU as one operation with its own gradient. Against autodiff of the plain operations it keeps
 * six arrays instead of a dozen, multiplies by the fast way of each backend, and centres the small weight matrix
 * instead of the large product: the mean over a row's outputs is linear in the weights, so
 * x (W - mean(W))^T + b - mean(b) comes out centred, and so does its gradient.
 */
export function fusedBlock(tf: TensorFlow): DenseBlock {
  const make = (first: boolean) =>
    tf.customGrad((...inputs) => {
      const [x, weight, bias, gamma, beta, save] = inputs as unknown as BlockInputs;
      const { value, saved } = forward(tf, { x, weight, bias, gamma, beta });
      save([x, ...saved]);
      const gradFunc = (upstream: Tensor2D, kept: Tensor[]): Tensor[] => {
        const [x, ...saved] = kept as [Tensor2D, ...Saved];
        return backward(tf, { upstream, x, saved, first });
      };
      return { value, gradFunc };
    });
  const inner = make(false);
  const outermost = make(true);
  return (x, { weight, bias, gamma, beta }, { first = false } = {}) =>
    (first ? outermost : inner)(x, weight, bias, gamma, beta);
}

type BlockInputs = [Tensor2D, Tensor2D, Tensor1D, Tensor1D, Tensor1D, (tensors: Tensor[]) => void];

/** Centred weight, gain, the rows' inverse deviations, the normalised product, the output. */
type Saved = [Tensor2D, Tensor1D, Tensor2D, Tensor2D, Tensor2D];

interface BlockTensors {
  readonly x: Tensor2D;
  readonly weight: Tensor2D;
  readonly bias: Tensor1D;
  readonly gamma: Tensor1D;
  readonly beta: Tensor1D;
}

function forward(
  tf: TensorFlow,
  { x, weight, bias, gamma, beta }: BlockTensors,
): { value: Tensor2D; saved: Saved } {
  const centred = tf.sub<Tensor2D>(weight, tf.mean(weight, 0, true));
  const product = affine(tf, x, { weight: centred, bias: tf.sub(bias, tf.mean(bias)) });
  const scale = tf.rsqrt(tf.add<Tensor2D>(tf.mean(tf.square(product), 1, true), LAYER_NORM_EPSILON));
  const normalised = tf.mul<Tensor2D>(product, scale);
  const value = tf.relu(tf.add<Tensor2D>(tf.mul(normalised, gamma), beta));
  return { value, saved: [centred, gamma, scale, normalised, value] };
}

function backward(
  tf: TensorFlow,
  { upstream, x, saved, first }: { upstream: Tensor2D; x: Tensor2D; saved: Saved; first: boolean },
): Tensor[] {
  const [centred, gamma, scale, normalised, value] = saved;
  // Of a ReLU's output the sign is its derivative; `step` takes five operations on TensorFlow.
  const active = tf.mul<Tensor2D>(upstream, tf.sign(value));
  const aligned = tf.mul<Tensor2D>(active, normalised);
  // The mean over a row of its gradient times its normalised values, as one product with the gain.
  const along = tf.matMul(aligned, tf.reshape(tf.div(gamma, gamma.size), [gamma.size, 1]));
  const productGradient = tf.mul<Tensor2D>(tf.sub(tf.mul(active, gamma), tf.mul(normalised, along)), scale);
  const weightGradient = transposedProduct(tf, productGradient, x);
  const biasGradient = sumRows(tf, productGradient);
  return [
    first ? tf.zerosLike(x) : tf.matMul(productGradient, centred),
    tf.sub(weightGradient, tf.mean(weightGradient, 0, true)),
    tf.sub(biasGradient, tf.mean(biasGradient)),
    sumRows(tf, aligned),
    sumRows(tf, active),
  ];
}
