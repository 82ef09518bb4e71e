import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "../tensorflow.ts";
import { affine, sumRows, transposedProduct } from "./products.ts";

/**
 * x weight^T + bias for x `[rows, inputs]`, weight `[outputs, inputs]`, with a gradient of its own: TensorFlow.js
 * differentiates matMul into transpose flags, and those take wasm's slow path (four times the time).
 */
export function linearProduct(
  tf: TensorFlow,
  x: Tensor2D,
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
): Tensor2D {
  const product = tf.customGrad((...inputs) => {
    const [x, weight, bias, save] = inputs as unknown as LinearInputs;
    save([x, weight]);
    const gradFunc = (upstream: Tensor2D, saved: Tensor[]): Tensor[] => {
      const [x, weight] = saved as [Tensor2D, Tensor2D];
      return [tf.matMul(upstream, weight), transposedProduct(tf, upstream, x), sumRows(tf, upstream)];
    };
    return { value: affine(tf, x, { weight, bias }), gradFunc };
  });
  return product(x, weight, bias);
}

type LinearInputs = [Tensor2D, Tensor2D, Tensor, (tensors: Tensor[]) => void];
