import { CallsignError } from "@callsign/infer";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import { type Parameterised, parameterCount, parameterLength, type Weights } from "./models/architecture.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** All parameters end to end in the architecture's order: the optimiser's and the checkpoint's view of a network. */
export function flattenWeights(architecture: Parameterised, weights: Weights): Float32Array {
  const flat = new Float32Array(parameterCount(architecture));
  let offset = 0;
  for (const spec of architecture.parameters) {
    const values = weights.get(spec.name);
    const length = parameterLength(spec);
    if (values?.length !== length)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `weights of ${architecture.name}: expected ${length} values for ${spec.name}, got ${values?.length ?? "none"}`,
      );
    flat.set(values, offset);
    offset += length;
  }
  return flat;
}

/** The parameters by name again, as copies. */
export function splitWeights({ parameters }: Parameterised, flat: Float32Array): Weights {
  let offset = 0;
  return new Map(
    parameters.map((spec) => {
      const begin = offset;
      offset += parameterLength(spec);
      return [spec.name, flat.slice(begin, offset)];
    }),
  );
}

/** 1 for each value that weight decay pulls on, 0 for the rest, in the flat order. */
export const decayMask = ({ parameters }: Parameterised): Float32Array =>
  Float32Array.from(
    parameters.flatMap((spec) => Array<number>(parameterLength(spec)).fill(spec.decays ? 1 : 0)),
  );

/** The same split as tensors: one for each parameter, in its shape and order; the caller disposes them. */
export function splitTensor(tf: TensorFlow, flat: Tensor1D, { parameters }: Parameterised): Tensor[] {
  if (!isInHostMemory(tf)) {
    const parts = tf.split(flat, parameters.map(parameterLength));
    return parts.map((part, i) => tf.reshape(part, [...parameters[i]!.shape]));
  }
  const values = flat.dataSync<"float32">();
  let offset = 0;
  return parameters.map((spec) => {
    const begin = offset;
    offset += parameterLength(spec);
    return tf.tensor(values.subarray(begin, offset), [...spec.shape]);
  });
}

/** Whether tensors lie in this process's memory, where operations cost by their size, not by the launch. */
export const isInHostMemory = (tf: TensorFlow): boolean => IN_HOST_MEMORY.has(tf.getBackend());

/** Their split copies the whole vector for each part, 73 ms for the published network; reading it once takes one. */
const IN_HOST_MEMORY: ReadonlySet<string> = new Set(["wasm", "cpu"]);
