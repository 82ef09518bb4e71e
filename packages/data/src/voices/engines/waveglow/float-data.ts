import { CallsignError } from "@callsign/audio/internal";
import { type Tensor } from "@callsign/infer/internal";

/** The values of a session's float32 output. @throws CallsignError `MODEL_INVALID` when it is missing or another type */
export function floatData(tensor: Tensor | undefined, output: string): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  const got = tensor === undefined ? "none" : tensor.data.constructor.name;
  throw new CallsignError(
    "MODEL_INVALID",
    `waveglow: expected float32 from the output ${output}, got ${got}`,
  );
}
