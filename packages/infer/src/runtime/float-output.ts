import { CallsignError } from "@callsign/audio/internal";
import type { Tensor } from "./session.ts";

/**
 * The float32 output of a run, of exactly the shape expected.
 * @throws CallsignError `MODEL_SHAPE_MISMATCH`
 */
export function floatOutput(
  outputs: Readonly<Record<string, Tensor>>,
  expectation: { readonly output: string; readonly dims: readonly number[]; readonly name: string },
): Float32Array {
  const { output, dims, name } = expectation;
  const tensor = outputs[output];
  const agrees = tensor?.dims.length === dims.length && dims.every((size, i) => size === tensor.dims[i]);
  if (agrees && tensor.data instanceof Float32Array) return tensor.data;
  const got =
    tensor === undefined ? `only ${Object.keys(outputs).join(", ")}` : `[${tensor.dims.join(", ")}]`;
  throw new CallsignError(
    "MODEL_SHAPE_MISMATCH",
    `${name}: expected output '${output}' as float32 [${dims.join(", ")}], got ${got}`,
  );
}
