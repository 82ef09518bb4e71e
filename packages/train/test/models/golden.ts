import { type Architecture, parameterLength, type Weights } from "@callsign/train/internal";
import { readFileSync } from "node:fs";

/** What golden/make_torch.py calculated: for a tensor, its norm and its first three values. */
export interface Golden {
  readonly models: Record<
    string,
    {
      readonly parameters: Record<string, number[]>;
      readonly logits: number[];
      readonly loss: number;
      readonly gradients: Record<string, number[]>;
      readonly trained: Record<string, number[]>;
    }
  >;
  readonly loss: { readonly bce: number; readonly focal: number };
}

export const golden = JSON.parse(
  readFileSync(new URL("golden/torch.json", import.meta.url), "utf8"),
) as Golden;

/** The same numbers in (-1, 1) as `pseudo` in golden/make_torch.py. */
export function pseudoRandom(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * (seed + 1)) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}

/** The weights that `fill` in golden/make_torch.py gives. */
export function pseudoWeights({ parameters }: Architecture): Weights {
  return new Map(
    parameters.map((spec) => {
      const length = parameterLength(spec);
      const values = pseudoRandom(
        new TextEncoder().encode(spec.name).reduce((sum, letter) => sum + letter, 0),
        length,
      );
      if (spec.shape.length > 1)
        return [spec.name, values.map((value) => value * Math.sqrt(3 / (length / spec.shape[0]!)))];
      const offset = spec.name.includes("norm") && spec.name.endsWith("weight") ? 1 : 0;
      return [spec.name, values.map((value) => value * 0.3 + offset)];
    }),
  );
}

/** A tensor in the golden file's short form. */
export const brief = (values: Float32Array): number[] => [Math.hypot(...values), ...values.slice(0, 3)];
