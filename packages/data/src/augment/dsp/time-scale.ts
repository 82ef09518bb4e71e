import { changeSpeed } from "./change-speed.ts";

/**
 * Makes speech `factor` times as long without changing its pitch: `round(length * factor)` samples, sample p of the
 * input near p * factor of the output (within 10 ms). WSOLA (Verhelst and Roelands 1993): pieces of 32 ms are laid
 * half over one another, each taken where the input best continues the piece before.
 */
export function timeScale(samples: Float32Array, factor: number): Float32Array {
  const length = Math.round(samples.length * factor);
  if (factor === 1 || length === 0) return samples.slice(0, length);
  const margin = PIECE + SEARCH;
  const padded = new Float32Array(margin + samples.length + 2 * margin);
  padded.set(samples, margin);
  const output = new Float32Array(length);
  // The first piece is the input's own beginning, its first half already whole.
  let source = margin;
  output.set(padded.subarray(source, source + Math.min(HALF, length)));
  for (let at = HALF; at < length; at += HALF) {
    const natural = source + HALF;
    const wanted = margin + Math.round(at / factor);
    source = bestContinuation(padded, { natural, wanted, search: SEARCH });
    crossfade(output, { padded, natural, source, at });
  }
  return output;
}

/** 32 ms at 16 kHz: two periods of a low voice. */
const PIECE = 512;
const HALF = PIECE / 2;
/** 10 ms to either side: a whole period of any voice above 50 Hz lies within. */
const SEARCH = 160;

/** Region to search for a piece. */
export interface ContinuationSearch {
  /** Sample at which the piece before would continue. */
  readonly natural: number;
  /** Sample at which the time scale puts the next piece. */
  readonly wanted: number;
  /** Largest distance from `wanted`, in samples. */
  readonly search: number;
}

/**
 * The place within `search` of `wanted` whose next 16 ms look most like those at `natural`, by normalized
 * cross-correlation; first on every fourth sample, then exactly around the best.
 */
export function bestContinuation(
  samples: Float32Array,
  { natural, wanted, search }: ContinuationSearch,
): number {
  let best = wanted;
  let bestLikeness = -Infinity;
  for (let place = wanted - search; place <= wanted + search; place += COARSE) {
    const likeness = likenessAt(samples, { natural, place, stride: COARSE });
    if (likeness > bestLikeness) {
      bestLikeness = likeness;
      best = place;
    }
  }
  const [low, high] = [
    Math.max(best - COARSE + 1, wanted - search),
    Math.min(best + COARSE - 1, wanted + search),
  ];
  bestLikeness = -Infinity;
  for (let place = low; place <= high; place++) {
    const likeness = likenessAt(samples, { natural, place, stride: 1 });
    if (likeness > bestLikeness) {
      bestLikeness = likeness;
      best = place;
    }
  }
  return best;
}

const COARSE = 4;

function likenessAt(
  samples: Float32Array,
  { natural, place, stride }: { natural: number; place: number; stride: number },
): number {
  // Two independent sums of each, which the processor can compute in parallel.
  let product = 0;
  let product2 = 0;
  let energy = 1e-9;
  let energy2 = 0;
  for (let i = 0; i < HALF; i += 2 * stride) {
    const sample = samples[place + i]!;
    const sample2 = samples[place + i + stride]!;
    product += sample * samples[natural + i]!;
    product2 += sample2 * samples[natural + i + stride]!;
    energy += sample * sample;
    energy2 += sample2 * sample2;
  }
  return (product + product2) / Math.sqrt(energy + energy2);
}

/** Rising and falling halves of a Hann window sum to one. */
const FADE = Float32Array.from(
  { length: HALF },
  (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / HALF),
);

function crossfade(
  output: Float32Array,
  { padded, natural, source, at }: { padded: Float32Array; natural: number; source: number; at: number },
): void {
  const length = Math.min(HALF, output.length - at);
  for (let i = 0; i < length; i++) {
    const old = padded[natural + i]!;
    output[at + i] = old + FADE[i]! * (padded[source + i]! - old);
  }
}

/**
 * Raises the pitch by `semitones` (negative lowers it) and keeps the length: the samples are first stretched at the
 * same pitch, then played faster. Formants move with the pitch, as with a smaller speaker.
 */
export function shiftPitch(samples: Float32Array, semitones: number): Float32Array {
  const factor = 2 ** (semitones / 12);
  const shifted = changeSpeed(timeScale(samples, factor), factor);
  // Two roundings may leave one sample too many or too few.
  if (shifted.length === samples.length) return shifted;
  const exact = new Float32Array(samples.length);
  exact.set(shifted.subarray(0, samples.length));
  return exact;
}
