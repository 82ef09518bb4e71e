import type { TensorFlow } from "../tensorflow.ts";

/** TensorFlow.js with its gradients, quiet: production mode drops its advertisement and its check of every tensor for NaN. */
export async function importTensorFlow(): Promise<TensorFlow> {
  // tfjs-core alone has no gradients in Node; this package registers them.
  const tf = await import("@tensorflow/tfjs");
  tf.enableProdMode();
  return tf;
}

/** Puts a registered backend in charge. @throws Error when it does not start */
export async function takeCharge(tf: TensorFlow, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its ${name} backend`);
  await tf.ready();
}
