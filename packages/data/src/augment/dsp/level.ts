import { INT16_SCALE } from "@callsign/audio/internal";

/** Root mean square; 0 for no samples. */
export function rms(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  return Math.sqrt(sum / samples.length);
}

/**
 * Active speech level, without pauses: RMS over the 20 ms frames at most 20 dB below the loudest one. Approximates
 * ITU-T P.56. 0 for silence.
 */
export function activeLevel(samples: Float32Array): number {
  const frames = Math.ceil(samples.length / LEVEL_FRAME);
  const power = new Float64Array(frames);
  let loudest = 0;
  for (let frame = 0; frame < frames; frame++) {
    const level = rms(samples.subarray(frame * LEVEL_FRAME, (frame + 1) * LEVEL_FRAME));
    power[frame] = level * level;
    loudest = Math.max(loudest, power[frame]!);
  }
  const floor = loudest * ACTIVE_SHARE;
  let sum = 0;
  let active = 0;
  for (const value of power) {
    if (value < floor) continue;
    sum += value;
    active++;
  }
  return active === 0 ? 0 : Math.sqrt(sum / active);
}

/** 20 ms at 16 kHz. */
const LEVEL_FRAME = 320;
/** 20 dB. */
const ACTIVE_SHARE = 0.01;

export const decibelsToGain = (decibels: number): number => 10 ** (decibels / 20);

/** Level of a magnitude relative to 1, in dB. */
export const levelDb = (magnitude: number): number => 20 * Math.log10(magnitude);

/** An int16 magnitude `dbfs` below full scale. */
export const magnitudeAt = (dbfs: number): number => INT16_SCALE * decibelsToGain(dbfs);

/** Largest magnitude; 0 for no samples. */
export function peak(samples: Float32Array): number {
  let most = 0;
  for (let i = 0; i < samples.length; i++) most = Math.max(most, Math.abs(samples[i]!));
  return most;
}

/** A new array, every sample times `gain`. */
export function scaled(samples: Float32Array, gain: number): Float32Array {
  const output = new Float32Array(samples.length);
  for (let i = 0; i < output.length; i++) output[i] = gain * samples[i]!;
  return output;
}

/** Samples scaled down as a whole if they exceed int16, since clipping would add noise; else the same array. */
export function withinInt16(samples: Float32Array): Float32Array {
  const highest = peak(samples);
  return highest > MAX_INT16 ? scaled(samples, MAX_INT16 / highest) : samples;
}

const MAX_INT16 = INT16_SCALE - 1;

/** Whole int16 magnitudes, clipped at full scale, as a sound card would give them. In place. */
export function quantize(samples: Float32Array): Float32Array {
  for (let i = 0; i < samples.length; i++) {
    const rounded = Math.round(samples[i]!);
    samples[i] = rounded > 32_767 ? 32_767 : rounded < -32_768 ? -32_768 : rounded;
  }
  return samples;
}
