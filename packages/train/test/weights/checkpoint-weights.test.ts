import { float32Tensor, readSafetensors, type SafetensorsTensor } from "@callsign/data/internal";
import { checkpointWeights, mlp, parameterCount } from "@callsign/train/internal";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { randomWeights } from "../models/random-weights.ts";

const small = mlp({ inputs: 3, width: 2, blocks: 1 });
const name = "small.safetensors";

const tensorsOf = (): Map<string, SafetensorsTensor> => {
  const weights = randomWeights(small, 1);
  return new Map(
    small.parameters.map((spec) => [spec.name, float32Tensor(spec.shape, weights.get(spec.name)!)]),
  );
};

const read = (tensors: Map<string, SafetensorsTensor>) =>
  checkpointWeights(small, { tensors, metadata: {} }, { name });

describe("checkpointWeights", () => {
  it("gives each parameter's values", () => {
    const weights = read(tensorsOf());
    expect(weights).toEqual(randomWeights(small, 1));
  });

  it("widens half precision", () => {
    const tensors = tensorsOf().set("last_layer.bias", {
      dtype: "F16",
      shape: [1],
      data: Uint16Array.of(0xc000),
    });
    expect(read(tensors).get("last_layer.bias")).toEqual(Float32Array.of(-2));
  });

  it.each<[string, (tensors: Map<string, SafetensorsTensor>) => void, RegExp]>([
    [
      "a missing tensor",
      (tensors) => tensors.delete("layernorm1.bias"),
      /no tensor "layernorm1\.bias", expected \[2\] \(/,
    ],
    [
      "a renamed one, naming both",
      (tensors) => {
        tensors.set("norm.bias", tensors.get("layernorm1.bias")!);
        tensors.delete("layernorm1.bias");
      },
      /no tensor "layernorm1\.bias", expected \[2\]; the file has "norm\.bias"/,
    ],
    [
      "an extra one",
      (tensors) => tensors.set("blocks.1.fcn_layer.bias", float32Tensor([0], new Float32Array())),
      /tensor "blocks\.1\.fcn_layer\.bias" does not belong/,
    ],
    [
      "a transposed one",
      (tensors) => tensors.set("layer1.weight", float32Tensor([3, 2], new Float32Array(6))),
      /tensor "layer1\.weight": expected shape \[2, 3\], got \[3, 2\]/,
    ],
    [
      "whole numbers",
      (tensors) => tensors.set("last_layer.bias", { dtype: "I64", shape: [1], data: BigInt64Array.of(1n) }),
      /"last_layer\.bias": expected one of F32, .* got I64/,
    ],
    [
      "a NaN",
      (tensors) => tensors.set("layernorm1.bias", float32Tensor([2], Float32Array.of(1, NaN))),
      /"layernorm1\.bias": element 1 of 2 is NaN/,
    ],
  ])("refuses %s", (_, spoil, message) => {
    const tensors = tensorsOf();
    spoil(tensors);
    expect(() => read(tensors)).toThrow(
      expect.objectContaining({ code: "CHECKPOINT_MISMATCH", message: expect.stringMatching(message) }),
    );
  });

  it.skipIf(!hasSharedData)("reads the published checkpoint: 134 tensors, 549,377 parameters", () => {
    const path = sharedPath("reference", "galactic-published.safetensors");
    const weights = checkpointWeights(mlp(), readSafetensors(readFileSync(path), { name: path }), {
      name: path,
    });
    expect(weights.size).toBe(134);
    expect([...weights.values()].reduce((sum, { length }) => sum + length, 0)).toBe(549_377);
    expect(parameterCount(mlp())).toBe(549_377);
  });
});
