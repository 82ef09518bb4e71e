import { decibelsToGain, levelDb } from "./level.ts";

export interface CompressorOptions {
  /** Level above which the gain is lowered, in dB relative to int16 magnitude 1. */
  readonly thresholdDb: number;
  /** Decibels of input above the threshold for one decibel of output. */
  readonly ratio: number;
  readonly attackSeconds: number;
  readonly releaseSeconds: number;
}

/**
 * Feed-forward compressor with one-pole attack and release on the level in decibels, after Giannoulis, Massberg and Reiss
 * (JAES 60/6, 2012): it lowers loud parts, so that a gain after it raises soft parts, as a device's automatic gain control
 * does. Level and gain are computed for each millisecond, and the gain is interpolated. 16 kHz; returns a new array.
 */
export function compress(
  samples: Float32Array,
  { thresholdDb, ratio, attackSeconds, releaseSeconds }: CompressorOptions,
): Float32Array {
  const output = new Float32Array(samples.length);
  const attack = Math.exp(-BLOCK_SECONDS / attackSeconds);
  const release = Math.exp(-BLOCK_SECONDS / releaseSeconds);
  let reductionDb = 0;
  let gain = 1;
  for (let from = 0; from < samples.length; from += BLOCK) {
    const to = Math.min(samples.length, from + BLOCK);
    let peak = 1;
    for (let i = from; i < to; i++) peak = Math.max(peak, Math.abs(samples[i]!));
    const wanted = Math.max(0, levelDb(peak) - thresholdDb) * (1 - 1 / ratio);
    const keep = wanted > reductionDb ? attack : release;
    reductionDb = wanted + keep * (reductionDb - wanted);
    const next = decibelsToGain(-reductionDb);
    const step = (next - gain) / (to - from);
    for (let i = from; i < to; i++) output[i] = samples[i]! * (gain += step);
    gain = next;
  }
  return output;
}

/** 1 ms at 16 kHz. */
const BLOCK = 16;
const BLOCK_SECONDS = 0.001;
