import { readFileSync } from "node:fs";
import { sharedPath } from "../../../../test-support/shared-data.ts";
import { noise } from "../../../../test-support/random.ts";

/** Signals that press on every corner of the log-mel: range, floor, silence, pure tones. */
export const signals = (length: number): Readonly<Record<string, Float32Array>> => ({
  noise: noise(length, { seed: 1, peak: 3000 }),
  "full-scale noise": noise(length, { seed: 2, peak: 32_767 }),
  "full-scale tone": tone(length, { hz: 440, peak: 32_767 }),
  "full-scale square wave": Float32Array.from({ length }, (_, i) => (i % 40 < 20 ? 32_767 : -32_768)),
  silence: new Float32Array(length),
  "one click": Float32Array.from({ length }, (_, i) => (i === length >> 1 ? 32_767 : 0)),
  "one bit": Float32Array.from({ length }, (_, i) => (i % 7 === 0 ? 1 : 0)),
});

/** A sine of int16 magnitudes, rounded as a recording is. */
export const tone = (length: number, options: { readonly hz: number; readonly peak: number }): Float32Array =>
  Float32Array.from({ length }, (_, i) =>
    Math.round(options.peak * Math.sin((2 * Math.PI * options.hz * i) / 16_000)),
  );

/** The challenge clip: 964,096 samples of 16-bit PCM behind a 44-byte header. */
export function challengeClip(): Float32Array {
  const file = readFileSync(sharedPath("challenge", "challenge.wav"));
  return Float32Array.from({ length: 964_096 }, (_, i) => file.readInt16LE(44 + 2 * i));
}
