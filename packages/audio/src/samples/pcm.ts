import { CallsignError } from "../errors.ts";
import { INT16_SCALE } from "./audio.ts";

/** Mono samples: int16, or float32 in -1..1 as Web Audio gives them. */
export type Pcm = Float32Array | Int16Array;

/**
 * Copy in -1..1 of samples that a caller hands over; `name` begins every message. Typed arrays of another realm (an
 * iframe, a `vm` context, Jest) are accepted.
 * @throws CallsignError `INVALID_ARGUMENT` for anything but the two array types, `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`
 */
export function copySamples(pcm: Pcm, { name }: { readonly name: string }): Float32Array {
  const type = Object.prototype.toString.call(pcm).slice(8, -1);
  if (type === "Int16Array") return fromInt16(pcm as Int16Array);
  if (type !== "Float32Array")
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${name}: expected a Float32Array or an Int16Array of samples, got ${type}` +
        (type === "Uint8Array" ? "; decode bytes with PcmDecoder or createDetectionTransform" : ""),
    );
  const samples = new Float32Array(pcm);
  checkSamples(samples, { name });
  return samples;
}

/**
 * Refuses samples that no microphone or converter gives: NaN, infinity, and what is far beyond -1..1, mostly because it
 * is in another scale.
 * @throws CallsignError `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`
 */
export function checkSamples(samples: Float32Array, { name }: { readonly name: string }): void {
  // One pass settles the usual case: NaN goes through `Math.max`.
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]!));
  if (peak <= MAX_SAMPLE) return;
  checkFinite(samples, { name });
  const at = samples.findIndex((sample) => Math.abs(sample) > MAX_SAMPLE);
  throw new CallsignError(
    "AUDIO_OUT_OF_RANGE",
    `${name}: expected Float32Array samples in -1..1, got ${samples[at]} at sample ${at}; ` +
      "int16 magnitudes belong in an Int16Array",
  );
}

/** Full scale with room for the overshoot of filters and lossy codecs. */
const MAX_SAMPLE = 1.5;

/** Int16 samples in -1..1; a new array. Exact: the scale is a power of two. */
export function fromInt16(samples: Int16Array): Float32Array {
  const scaled = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) scaled[i] = samples[i]! / INT16_SCALE;
  return scaled;
}

/** Samples in -1..1 rounded to the nearest int16 and clipped at full scale; NaN becomes 0. A new array. */
export function toInt16(samples: Float32Array): Int16Array {
  const rounded = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++)
    rounded[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i]! * INT16_SCALE)));
  return rounded;
}

/** Clips at full scale, in place; true where anything was above it. */
export function clip(samples: Float32Array): boolean {
  let isClipped = false;
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]!) <= 1) continue;
    samples[i] = Math.sign(samples[i]!);
    isClipped = true;
  }
  return isClipped;
}

/** Arrays one after another; a new array. */
export function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

/** Refuses NaN and infinity: one of them silences a detector for good. @throws CallsignError `AUDIO_NOT_FINITE` */
export function checkFinite(samples: Float32Array, { name }: { readonly name: string }): void {
  const bad = firstNotFinite(samples);
  if (bad < 0) return;
  throw new CallsignError(
    "AUDIO_NOT_FINITE",
    `${name}: expected finite samples, got ${samples[bad]} at sample ${bad} of ${samples.length}`,
  );
}

/** Index of the first sample that is NaN or infinite, -1 where all are finite. */
export function firstNotFinite(samples: Float32Array): number {
  // x - x is 0 for every finite x and NaN otherwise: one branch-free pass settles the usual case.
  let residue = 0;
  for (let i = 0; i < samples.length; i++) residue += samples[i]! - samples[i]!;
  return residue === 0 ? -1 : samples.findIndex((sample) => !Number.isFinite(sample));
}
