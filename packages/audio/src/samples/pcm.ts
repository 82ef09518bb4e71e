import { CallsignError } from "../errors.ts";
import { INT16_SCALE } from "./audio.ts";

/** Mono audio at 16 kHz: int16 samples, or the same magnitudes in float32 (never -1 to 1). */
export type Pcm = Float32Array | Int16Array;

/**
 * A float32 copy of samples that a caller hands to a detector; `name` begins every message. Typed arrays of another
 * realm (an iframe, a `vm` context, Jest) are accepted.
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
 * Refuses samples that no converter or microphone makes: NaN, infinity, and magnitudes beyond one and a half times full
 * scale (room for the overshoot of filters). One of them would spoil the scores of the next seconds.
 * @throws CallsignError `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`
 */
export function checkSamples(samples: Float32Array, { name }: { readonly name: string }): void {
  checkFinite(samples, { name });
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]!));
  if (peak <= MAX_MAGNITUDE) return;
  const at = samples.findIndex((sample) => Math.abs(sample) > MAX_MAGNITUDE);
  throw new CallsignError(
    "AUDIO_OUT_OF_RANGE",
    `${name}: expected int16 magnitudes (-32768 to 32767, at most ${MAX_MAGNITUDE}), ` +
      `got ${samples[at]} at sample ${at} of ${samples.length}`,
  );
}

/** 1.5 times full scale. */
const MAX_MAGNITUDE = 1.5 * INT16_SCALE;

/** Int16 samples as float32 of the same magnitude; a new array. */
export function fromInt16(samples: Int16Array): Float32Array {
  return new Float32Array(samples);
}

/** Unit-scale samples (-1 to 1) as int16 magnitudes; a new array. Exact: the scale is a power of two. */
export function fromUnitFloat(samples: Float32Array): Float32Array {
  return samples.map((sample) => sample * INT16_SCALE);
}

/** Samples rounded to the nearest integer and clipped to -32768..32767; NaN becomes 0. A new array. */
export function toInt16(samples: Float32Array): Int16Array {
  const rounded = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    rounded[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i]!)));
  }
  return rounded;
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
