import type { Random } from "../../random.ts";
import { designBiquad, filter, type BiquadShape } from "./biquad.ts";

/** One band of a parametric equalizer. */
export type EqualizerBand = Readonly<{ shape: BiquadShape; frequencyHz: number; q: number; gainDb: number }>;

/** Applies bands one after another at 16 kHz. Returns a new array. */
export function equalize(samples: Float32Array, bands: readonly EqualizerBand[]): Float32Array {
  return filter(
    samples,
    bands.map(({ shape, ...band }) => designBiquad(shape, { ...band, sampleRateHz: 16_000 })),
  );
}

/** Ranges for drawn bands. */
export interface EqualizerRanges {
  readonly bands: readonly [number, number];
  readonly frequencyHz: readonly [number, number];
  readonly gainDb: readonly [number, number];
  readonly q: readonly [number, number];
}

/** Draws peaks and shelves at frequencies uniform over octaves. */
export function drawEqualizer(
  random: Random,
  { bands, frequencyHz, gainDb, q }: EqualizerRanges,
): EqualizerBand[] {
  const [low, high] = frequencyHz;
  return Array.from({ length: random.integer(...bands) }, () => ({
    shape: random.weightedChoice(["peaking", "low-shelf", "high-shelf"] as const, [3, 1, 1]),
    frequencyHz: Math.round(low * (high / low) ** random.next()),
    q: random.uniform(...q),
    gainDb: random.uniform(...gainDb),
  }));
}
