import { createRandom } from "@callsign/data/internal";
import { convAttention, flattenWeights, initialWeights, mlp, splitWeights } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

describe("initialWeights", () => {
  const weights = initialWeights(mlp({ blocks: 4 }), createRandom(1));

  it("spreads matrices evenly within PyTorch's bound and leaves norms at one and zero", () => {
    const values = initialWeights(convAttention(), createRandom(1)).get("conv1.weight")!;
    const bound = 1 / Math.sqrt(3 * 96);
    expect(Math.max(...values)).toBeLessThan(bound);
    expect(Math.max(...values)).toBeGreaterThan(0.99 * bound);
    // A uniform variable's mean square is a third of its bound's.
    const meanSquare = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect([meanSquare]).toBeAllClose([(bound * bound) / 3], { rtol: 0.02 });
    expect(new Set(weights.get("blocks.3.layer_norm.weight"))).toEqual(new Set([1]));
    expect(new Set(weights.get("blocks.3.layer_norm.bias"))).toEqual(new Set([0]));
  });

  it("starts an mlp of odd width, which cannot be mirrored, in the same way", () => {
    const values = initialWeights(mlp({ blocks: 1, width: 127 }), createRandom(1)).get("layer1.weight")!;
    expect(Math.max(...values)).toBeLessThan(1 / Math.sqrt(96));
    expect(Math.max(...values)).toBeGreaterThan(0.99 / Math.sqrt(96));
  });

  it("is the same for the same seed, and in layers that another depth also has", () => {
    expect(initialWeights(mlp({ blocks: 4 }), createRandom(1))).toEqual(weights);
    const shallow = initialWeights(mlp({ blocks: 2 }), createRandom(1));
    expect(shallow.get("blocks.1.fcn_layer.weight")).toEqual(weights.get("blocks.1.fcn_layer.weight"));
    expect(initialWeights(mlp({ blocks: 0 }), createRandom(2)).get("layer1.weight")).not.toEqual(
      weights.get("layer1.weight"),
    );
  });
});

describe("flattenWeights", () => {
  it("lays parameters end to end, and splitWeights takes them apart", () => {
    const architecture = convAttention();
    const weights = initialWeights(architecture, createRandom(3));
    const flat = flattenWeights(architecture, weights);
    expect(flat.length).toBe(47_937);
    expect(splitWeights(architecture, flat)).toEqual(weights);
  });

  it("names a parameter that is missing or of another length", () => {
    const architecture = mlp({ blocks: 0 });
    const weights = new Map(initialWeights(architecture, createRandom(1)));
    weights.set("layer1.bias", new Float32Array(3));
    expect(() => flattenWeights(architecture, weights)).toThrow(
      /expected 128 values for layer1\.bias, got 3/,
    );
  });
});
