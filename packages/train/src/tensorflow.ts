import type * as tf from "@tensorflow/tfjs-core";

/** The TensorFlow.js operations, whichever backend runs them; handed in, so that no module loads TensorFlow by itself. */
export type TensorFlow = typeof tf;
