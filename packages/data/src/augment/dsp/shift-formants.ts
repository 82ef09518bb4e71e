import { fftOf } from "./fft.ts";

/**
 * Moves the formants to `factor` times their frequencies and keeps pitch and length: above 1 a shorter vocal tract
 * (a child), below 1 a longer one. In frames of 32 ms the spectrum's envelope (its magnitude smoothed over about
 * 300 Hz) is stretched along the frequency axis, and its fine structure left where it was.
 */
export function shiftFormants(samples: Float32Array, factor: number): Float32Array {
  const fft = fftOf(FRAME);
  const re = new Float64Array(FRAME);
  const im = new Float64Array(FRAME);
  const padded = new Float64Array(samples.length + 3 * FRAME);
  padded.set(samples, FRAME);
  const output = new Float64Array(padded.length);
  const gains = new Float64Array(BINS);
  const workspace = { power: new Float64Array(BINS), envelope: new Float64Array(BINS), gains, factor };
  // Two frames to one complex transform; each then gets its own gains.
  for (let start = 0; start + FRAME + HOP <= padded.length; start += 2 * HOP) {
    for (let i = 0; i < FRAME; i++) {
      re[i] = padded[start + i]! * WINDOW[i]!;
      im[i] = padded[start + HOP + i]! * WINDOW[i]!;
    }
    fft.forward(re, im);
    warpBoth(re, im, workspace);
    fft.inverse(re, im);
    for (let i = 0; i < FRAME; i++) {
      output[start + i] = output[start + i]! + re[i]! * WINDOW[i]!;
      output[start + HOP + i] = output[start + HOP + i]! + im[i]! * WINDOW[i]!;
    }
  }
  return Float32Array.from(output.subarray(FRAME, FRAME + samples.length));
}

const FRAME = 512;
const HOP = FRAME / 2;
const BINS = FRAME / 2 + 1;
/** The root of a periodic Hann window: applied before and after, halves overlapping, it sums to one. */
const WINDOW = Float64Array.from({ length: FRAME }, (_, i) => Math.sin((Math.PI * i) / FRAME));
/** Five bins to either side at 31.25 Hz: wider than the gap between the harmonics of most voices. */
const SMOOTHING = 5;
/** 18 dB: a deep valley stretched over a harmonic must not blow up noise. */
const MOST_GAIN = 8;

interface Workspace {
  readonly power: Float64Array;
  readonly envelope: Float64Array;
  readonly gains: Float64Array;
  readonly factor: number;
}

/** `re + i im` is the transform of two real frames at once: frame one is its even part, frame two its odd. */
function warpBoth(re: Float64Array, im: Float64Array, workspace: Workspace): void {
  const firstRe = new Float64Array(BINS);
  const firstIm = new Float64Array(BINS);
  const secondRe = new Float64Array(BINS);
  const secondIm = new Float64Array(BINS);
  for (let k = 0; k < BINS; k++) {
    const mirror = (FRAME - k) % FRAME;
    firstRe[k] = (re[k]! + re[mirror]!) / 2;
    firstIm[k] = (im[k]! - im[mirror]!) / 2;
    secondRe[k] = (im[k]! + im[mirror]!) / 2;
    secondIm[k] = (re[mirror]! - re[k]!) / 2;
  }
  applyWarp(firstRe, firstIm, workspace);
  applyWarp(secondRe, secondIm, workspace);
  for (let k = 0; k < BINS; k++) {
    const mirror = (FRAME - k) % FRAME;
    re[k] = firstRe[k]! - secondIm[k]!;
    im[k] = firstIm[k]! + secondRe[k]!;
    re[mirror] = firstRe[k]! + secondIm[k]!;
    im[mirror] = secondRe[k]! - firstIm[k]!;
  }
}

function applyWarp(re: Float64Array, im: Float64Array, { power, envelope, gains, factor }: Workspace): void {
  for (let k = 0; k < BINS; k++) power[k] = re[k]! * re[k]! + im[k]! * im[k]!;
  smooth(power, envelope);
  let before = 0;
  let after = 0;
  for (let k = 0; k < BINS; k++) {
    const from = Math.min(k / factor, BINS - 1);
    const low = Math.floor(from);
    const high = Math.min(low + 1, BINS - 1);
    const wanted = envelope[low]! + (from - low) * (envelope[high]! - envelope[low]!);
    gains[k] = Math.min(MOST_GAIN, Math.sqrt((wanted + 1e-9) / (envelope[k]! + 1e-9)));
    before += power[k]!;
    after += power[k]! * gains[k]! * gains[k]!;
  }
  // The same energy as before: a shift of timbre is not one of loudness.
  const level = Math.sqrt((before + 1e-9) / (after + 1e-9));
  for (let k = 0; k < BINS; k++) {
    re[k] = re[k]! * gains[k]! * level;
    im[k] = im[k]! * gains[k]! * level;
  }
}

/** Mean over `SMOOTHING` bins to either side, fewer at the ends. */
function smooth(values: Float64Array, into: Float64Array): void {
  let sum = 0;
  let from = 0;
  let to = 0;
  for (let k = 0; k < BINS; k++) {
    while (to < Math.min(BINS, k + SMOOTHING + 1)) sum += values[to++]!;
    while (from < k - SMOOTHING) sum -= values[from++]!;
    into[k] = Math.max(0, sum / (to - from));
  }
}
