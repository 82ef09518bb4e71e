import type { Weights } from "@callsign/train/internal";

/** The published network written out in float64 from its description, with none of our layers: the tests' reference. */
export function float64Mlp(weights: Weights, embedding: Float32Array, blocks: number): number[] {
  const layer = (x: readonly number[], name: string): number[] => {
    const weight = weights.get(`${name}.weight`)!;
    return Array.from(weights.get(`${name}.bias`)!, (bias, o) =>
      x.reduce((sum, value, i) => sum + value * weight[o * x.length + i]!, bias),
    );
  };
  const normalise = (x: readonly number[], name: string): number[] => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const gain = weights.get(`${name}.weight`)!;
    const shift = weights.get(`${name}.bias`)!;
    return x.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[i]! + shift[i]!);
  };
  let x = normalise(layer([...embedding], "layer1"), "layernorm1").map((value) => Math.max(0, value));
  for (let i = 0; i < blocks; i++)
    x = normalise(layer(x, `blocks.${i}.fcn_layer`), `blocks.${i}.layer_norm`).map((value) =>
      Math.max(0, value),
    );
  return layer(x, "last_layer").map((logit) => 1 / (1 + Math.exp(-logit)));
}
