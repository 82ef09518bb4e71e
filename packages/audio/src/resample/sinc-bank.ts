/** Zero crossings of the sinc on each side of its centre. */
const ZERO_CROSSINGS = 32;

/** Stop-band attenuation that the window is designed for. */
const ATTENUATION_DB = 130;

/** Kaiser's beta for an attenuation above 50 dB. (Kaiser 1974; Oppenheim & Schafer, Discrete-Time Signal Processing, 7.62) */
const BETA = 0.1102 * (ATTENUATION_DB - 8.7);

/**
 * Cutoff as a share of the lower Nyquist frequency: as high as it can be with the stop band reaching down to that
 * frequency, so that nothing folds back. The transition's width is Kaiser's estimate (same source, 7.63), solved for a
 * length of 64 crossings that themselves lie 1 / ROLLOFF apart.
 */
const ROLLOFF = 1 / (1 + (ATTENUATION_DB - 7.95) / (14.36 * 2 * ZERO_CROSSINGS));

/** Exact rows for every phase up to so many taps (8 MB), which holds all common rates; a table of the kernel beyond. */
const MAX_EXACT_TAPS = 2 ** 20;

/** Table points from one crossing to the next: read linearly, the error stays below (pi / 4096)^2 / 24, or -152 dB. */
const TABLE_STEPS = 4096;

/**
 * The polyphase rows of a low-pass filter for conversion by `up / down`. Row `p` weighs the inputs from
 * `1 - width / 2` to `width / 2` around an output that lies `p / up` after input 0; each row sums to 1.
 */
export interface SincBank {
  /** Taps of a row; a multiple of 4. */
  readonly width: number;
  readonly taps: Float64Array;
  /** Where in `taps` the row of this phase lies, until the next call. */
  rowOffset(phase: number): number;
}

/** Makes the rows for a ratio in lowest terms. Memory is bounded whatever the ratio; rows are kept for the next call. */
export function sincBank(up: number, down: number): SincBank {
  const key = `${up}/${down}`;
  const known = banks.get(key);
  if (known !== undefined) return known;
  const cutoff = ROLLOFF * Math.min(1, up / down);
  const width = 4 * Math.ceil(ZERO_CROSSINGS / cutoff / 2);
  const bank =
    up * width <= MAX_EXACT_TAPS ? exactBank({ up, cutoff, width }) : tableBank({ up, cutoff, width });
  if (banks.size >= MAX_BANKS) banks.delete(banks.keys().next().value!);
  banks.set(key, bank);
  return bank;
}

/** A corpus has few rates, and a row set costs milliseconds to make: too much for each of thousands of short clips. */
const banks = new Map<string, SincBank>();
const MAX_BANKS = 8;

interface Shape {
  readonly up: number;
  readonly cutoff: number;
  readonly width: number;
}

function exactBank({ up, cutoff, width }: Shape): SincBank {
  const taps = new Float64Array(up * width);
  for (let phase = 0; phase < up; phase++) {
    const row = taps.subarray(phase * width, (phase + 1) * width);
    for (let k = 0; k < width; k++) row[k] = kernel(Math.abs(k + 1 - width / 2 - phase / up) * cutoff);
    normalize(row);
  }
  return { width, taps, rowOffset: (phase) => phase * width };
}

function tableBank({ up, cutoff, width }: Shape): SincBank {
  const taps = new Float64Array(width);
  const points = kernelTable();
  const perInput = cutoff * TABLE_STEPS;
  const rowOffset = (phase: number): number => {
    for (let k = 0; k < width; k++) {
      const at = Math.abs(k + 1 - width / 2 - phase / up) * perInput;
      const below = Math.trunc(at);
      taps[k] =
        below < points.length - 1 ? points[below]! + (at - below) * (points[below + 1]! - points[below]!) : 0;
    }
    normalize(taps);
    return 0;
  };
  return { width, taps, rowOffset };
}

let table: Float64Array | undefined;

function kernelTable(): Float64Array {
  table ??= Float64Array.from({ length: ZERO_CROSSINGS * TABLE_STEPS + 1 }, (_, i) =>
    kernel(i / TABLE_STEPS),
  );
  return table;
}

/** The windowed sinc, `x` zero crossings from its centre. */
function kernel(x: number): number {
  if (x >= ZERO_CROSSINGS) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return sinc * besselI0(BETA * Math.sqrt(1 - (x / ZERO_CROSSINGS) ** 2));
}

/** Modified Bessel function of the first kind, order 0, by its power series. (Abramowitz & Stegun 9.6.12) */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * Number.EPSILON; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Makes a row sum to 1, so that a constant stays exactly what it is. */
function normalize(row: Float64Array): void {
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += row[k]!;
  for (let k = 0; k < row.length; k++) row[k]! /= sum;
}
