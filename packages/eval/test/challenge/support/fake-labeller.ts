import type { Labeller } from "../../../src/challenge/labeller.ts";

/** Mutes a frame whose first sample is negative; the score is the first sample's size. */
export function signLabeller(
  beforeEach: (frame: Float32Array) => void | Promise<void> = () => undefined,
): Labeller {
  return {
    threshold: 0.5,
    label: async (frame) => {
      await beforeEach(frame);
      return { muted: frame[0]! < 0, score: Math.abs(frame[0]!) };
    },
  };
}

/** Frames of `length` equal samples, one for each value. */
export const framesOf = (values: readonly number[], length: number): Float32Array =>
  Float32Array.from({ length: values.length * length }, (_, i) => values[Math.floor(i / length)]!);
