import { createRandom } from "@callsign/data/internal";
import { type Architecture, parameterLength, type Weights } from "@callsign/train/internal";

/** Weights at which every term matters: gains away from one, shifts and biases away from zero. */
export function randomWeights({ parameters }: Architecture, seed: number): Weights {
  return new Map(
    parameters.map((spec) => {
      const random = createRandom(seed).fork(spec.name);
      const scale = spec.shape.length > 1 ? 1 / Math.sqrt(parameterLength(spec) / spec.shape[0]!) : 0.3;
      const offset = /norm\w*\.weight$/.test(spec.name) ? 1 : 0;
      return [
        spec.name,
        Float32Array.from({ length: parameterLength(spec) }, () => offset + scale * random.normal()),
      ];
    }),
  );
}

/** Seeded standard normal values, as features. */
export function randomFeatures(length: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
}
