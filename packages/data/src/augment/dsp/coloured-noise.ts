import type { Random } from "../../random.ts";
import { fftOf, powerOfTwo } from "./fft.ts";

/** Power against frequency f as f^-exponent: white 0, pink 1, brown 2, blue -1, violet -2. Values in between are allowed. */
export const NOISE_COLOURS = { white: 0, pink: 1, brown: 2, blue: -1, violet: -2 } as const;

/**
 * Noise of RMS 1 (on average), near enough Gaussian, whose power falls by `3 * exponent` dB an octave. Made in the
 * frequency domain, so the slope is exact from 20 Hz to 8 kHz; below 20 Hz it is level, or brown noise would be all
 * rumble.
 */
export function colouredNoise(
  length: number,
  { exponent, random }: { exponent: number; random: Random },
): Float32Array {
  const half = powerOfTwo(Math.max(64, length)) / 2;
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
  const samples = realInverse(re, im).subarray(0, length);
  // An even draw has variance 1/12; a bin and its mirror give 2 * 2 / (2 half)^2 times that to every sample.
  const scale = half / Math.sqrt(power / 12);
  for (let i = 0; i < samples.length; i++) samples[i] = scale * samples[i]!;
  return samples;
}

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
  const { cosines, sines } = turnsFor(half);
  const evenRe = new Float64Array(half);
  const evenIm = new Float64Array(half);
  for (let k = 0; k < half; k++) {
    const mirror = half - k;
    const sumRe = (re[k]! + re[mirror]!) / 2;
    const sumIm = (im[k]! - im[mirror]!) / 2;
    const differenceRe = (re[k]! - re[mirror]!) / 2;
    const differenceIm = (im[k]! + im[mirror]!) / 2;
    const [cos, sin] = [cosines[k]!, sines[k]!];
    evenRe[k] = sumRe - (differenceIm * cos + differenceRe * sin);
    evenIm[k] = sumIm + (differenceRe * cos - differenceIm * sin);
  }
  fftOf(half).inverse(evenRe, evenIm);
  const samples = new Float32Array(2 * half);
  for (let i = 0; i < half; i++) {
    samples[2 * i] = evenRe[i]!;
    samples[2 * i + 1] = evenIm[i]!;
  }
  return samples;
}

interface Turns {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** Tables of the last length, 2 MB for ten seconds: they took two thirds of the time, and clips of one kind have one length. */
let turns: (Turns & { readonly half: number }) | undefined;

/** Cosines and sines of pi k / half. */
function turnsFor(half: number): Turns {
  if (turns?.half !== half)
    turns = {
      half,
      cosines: Float64Array.from({ length: half }, (_, k) => Math.cos((Math.PI * k) / half)),
      sines: Float64Array.from({ length: half }, (_, k) => Math.sin((Math.PI * k) / half)),
    };
  return turns;
}
