import type { Random } from "../../random.ts";
import { fftOf, powerOfTwo } from "./fft.ts";

/** Power against frequency f as f^-exponent: white 0, pink 1, brown 2, blue -1, violet -2. Values in between are allowed. */
export const NOISE_COLOURS = { white: 0, pink: 1, brown: 2, blue: -1, violet: -2 } as const;

/**
 * Noise of RMS 1 (on average), near enough Gaussian, whose power falls by `3 * exponent` dB an octave. Made in the
 * frequency domain, so the slope is exact from 20 Hz to 8 kHz; below 20 Hz it is level, or brown noise would be all
 * rumble. It repeats, without a seam, after a power of two of samples that is at least the length, or 32,768 (2 s).
 */
export function colouredNoise(
  length: number,
  { exponent, random }: { exponent: number; random: Random },
): Float32Array {
  const half = powerOfTwo(Math.min(Math.max(64, length), LONGEST_PERIOD)) / 2;
  const magnitudes = magnitudesFor(half, exponent);
  const re = new Float64Array(half + 1);
  const im = new Float64Array(half + 1);
  let power = 0;
  for (let k = 1; k < half; k++) {
    const magnitude = magnitudes[k]!;
    // Uniform draws suffice, since every sample is a sum of thousands of them.
    re[k] = magnitude * (random.next() - 0.5);
    im[k] = magnitude * (random.next() - 0.5);
    power += magnitude * magnitude;
  }
  // An even draw has variance 1/12; a bin and its mirror give 2 * 2 / (2 half)^2 times that to every sample.
  const scale = half / Math.sqrt(power / 12);
  const period = realInverse(re, im).map((sample) => scale * sample);
  if (length <= period.length) return period.subarray(0, length);
  const samples = new Float32Array(length);
  for (let at = 0; at < length; at += period.length) samples.set(period.subarray(0, length - at), at);
  return samples;
}

/** Longer transforms fall out of the processor's cache and take several times as long for a sample. */
const LONGEST_PERIOD = 32_768;

const LOWEST_HZ = 20;
/** From here on the curve is so flat that every eighth value is enough, straight lines between. */
const EXACT_UNTIL = 512;
const STRIDE = 8;

function magnitudesFor(half: number, exponent: number): Float64Array {
  const magnitudes = new Float64Array(half + STRIDE);
  const knee = (half * LOWEST_HZ) / 8000;
  const at = (k: number): number => Math.max(k, knee) ** (-exponent / 2);
  const exact = Math.min(half, Math.max(EXACT_UNTIL, STRIDE * Math.ceil(knee / STRIDE)));
  for (let k = 1; k < exact; k++) magnitudes[k] = at(k);
  for (let k = exact, low = at(exact); k < half; k += STRIDE) {
    const high = at(k + STRIDE);
    for (let i = 0; i < STRIDE; i++) magnitudes[k + i] = low + ((high - low) * i) / STRIDE;
    low = high;
  }
  return magnitudes;
}

/**
 * The real signal of `2 * half` samples whose spectrum is `re + i im` at bins 0..half: even samples as the real part
 * and odd ones as the imaginary part of one complex transform of half the length.
 */
function realInverse(re: Float64Array, im: Float64Array): Float32Array {
  const half = re.length - 1;
  const { cos, sin } = halfTurn(half);
  const evenRe = new Float64Array(half);
  const evenIm = new Float64Array(half);
  for (let k = 0; k < half; k++) {
    const mirror = half - k;
    const sumRe = (re[k]! + re[mirror]!) / 2;
    const sumIm = (im[k]! - im[mirror]!) / 2;
    const differenceRe = (re[k]! - re[mirror]!) / 2;
    const differenceIm = (im[k]! + im[mirror]!) / 2;
    evenRe[k] = sumRe - (differenceIm * cos[k]! + differenceRe * sin[k]!);
    evenIm[k] = sumIm + (differenceRe * cos[k]! - differenceIm * sin[k]!);
  }
  fftOf(half).inverse(evenRe, evenIm);
  const samples = new Float32Array(2 * half);
  for (let i = 0; i < half; i++) {
    samples[2 * i] = evenRe[i]!;
    samples[2 * i + 1] = evenIm[i]!;
  }
  return samples;
}

interface HalfTurn {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** Tables depend on the length alone, so sharing them changes no result. */
const halfTurns = new Map<number, HalfTurn>();

/** Cosine and sine of pi k / length. */
function halfTurn(length: number): HalfTurn {
  let table = halfTurns.get(length);
  if (table === undefined) {
    table = {
      cos: Float64Array.from({ length }, (_, k) => Math.cos((Math.PI * k) / length)),
      sin: Float64Array.from({ length }, (_, k) => Math.sin((Math.PI * k) / length)),
    };
    halfTurns.set(length, table);
  }
  return table;
}
