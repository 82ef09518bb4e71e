import type { TensorFlow } from "../tensorflow.ts";

/**
 * TensorFlow.js with its gradients and its cpu backend. The package `@tensorflow/tfjs` would add WebGL, a converter and
 * more: 170 MB that nothing here uses. Production mode: without its advertisement and its check of every tensor for NaN.
 */
export async function importTensorFlow(): Promise<TensorFlow> {
  const tf = await import("@tensorflow/tfjs-core");
  // Registers the gradients and the chained operations, which tfjs-core alone does not have in Node.
  await import("@tensorflow/tfjs-layers");
  await import("@tensorflow/tfjs-backend-cpu");
  tf.enableProdMode();
  return tf;
}

/** Puts a registered backend in charge. @throws Error when it does not start */
export async function takeCharge(tf: TensorFlow, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its ${name} backend`);
  await tf.ready();
}
