import type * as tf from "@tensorflow/tfjs-core";

/** The TensorFlow.js operations of whichever backend is active; passed in, so that no module imports TensorFlow.js itself. */
export type TensorFlow = typeof tf;

/**
 * Imports TensorFlow.js with gradients and its cpu backend. The package `@tensorflow/tfjs` would add 170 MB of WebGL,
 * converter and others that are not used. Production mode skips its banner and the NaN check of every tensor.
 */
export async function importTensorFlow(): Promise<TensorFlow> {
  const tf = await import("@tensorflow/tfjs-core");
  // Registers the gradients and the chained operations, which tfjs-core alone does not have in Node.
  await import("@tensorflow/tfjs-layers");
  await import("@tensorflow/tfjs-backend-cpu");
  tf.enableProdMode();
  return tf;
}

/** Makes a registered backend the active one. @throws Error if it does not start */
export async function takeCharge(tf: TensorFlow, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its ${name} backend`);
  await tf.ready();
}
