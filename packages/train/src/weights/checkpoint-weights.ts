import { type Safetensors, tensorToFloat32 } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { type Architecture } from "../models/architecture.ts";
import { parameterLength, type Weights } from "./parameters.ts";

/**
 * Extracts the weights of an architecture from a checkpoint with exactly its tensors; half precision is converted.
 * Messages begin with `name`, the file. @throws CallsignError `CHECKPOINT_MISMATCH` for a missing, additional or
 * misshapen tensor, or values that are not floating point or not finite
 */
export function checkpointWeights(
  architecture: Architecture,
  { tensors }: Safetensors,
  { name }: { readonly name: string },
): Weights {
  const fail = (message: string): CallsignError =>
    new CallsignError("CHECKPOINT_MISMATCH", `${name}: ${message} (architecture ${architecture.name})`);
  const expected = new Set(architecture.parameters.map((spec) => spec.name));
  const extra = [...tensors.keys()].find((tensor) => !expected.has(tensor));
  const weights = new Map<string, Float32Array>();
  for (const spec of architecture.parameters) {
    const tensor = tensors.get(spec.name);
    const shape = `[${spec.shape.join(", ")}]`;
    if (tensor === undefined) {
      const hint = extra === undefined ? "" : `; the file has ${quote(extra)}, which does not belong`;
      throw fail(`no tensor ${quote(spec.name)}, expected ${shape}${hint}`);
    }
    if (tensor.shape.join() !== spec.shape.join())
      throw fail(`tensor ${quote(spec.name)}: expected shape ${shape}, got [${tensor.shape.join(", ")}]`);
    if (!FLOATS.includes(tensor.dtype))
      throw fail(`tensor ${quote(spec.name)}: expected one of ${FLOATS.join(", ")}, got ${tensor.dtype}`);
    const values = tensorToFloat32(tensor);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw fail(
        `tensor ${quote(spec.name)}: element ${bad} of ${parameterLength(spec)} is ${values[bad]}, expected a finite number`,
      );
    weights.set(spec.name, values);
  }
  if (extra !== undefined) throw fail(`tensor ${quote(extra)} does not belong`);
  return weights;
}

const FLOATS: readonly string[] = ["F32", "F16", "BF16", "F64"];

const quote = (text: string): string => JSON.stringify(text.slice(0, 100));
