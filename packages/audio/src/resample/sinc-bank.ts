/** Zero crossings of the sinc on each side of its centre. */
const ZERO_CROSSINGS = 32;

/** Stop-band attenuation of the window. */
const ATTENUATION_DB = 130;

/** Kaiser's beta for an attenuation above 50 dB. (Kaiser 1974; Oppenheim & Schafer, Discrete-Time Signal Processing, 7.62) */
const BETA = 0.1102 * (ATTENUATION_DB - 8.7);

/**
 * Cutoff relative to the lower Nyquist frequency: the highest for which the stop band begins at that frequency, so that there is
 * no aliasing. The width of the transition band is Kaiser's estimate (same source, 7.63), solved for a length of 64 zero
 * crossings at a distance of 1 / ROLLOFF.
 */
const ROLLOFF = 1 / (1 + (ATTENUATION_DB - 7.95) / (14.36 * 2 * ZERO_CROSSINGS));

/** Largest bank with exact rows for every phase (8 MB), enough for all common rates; larger ones interpolate a table. */
const MAX_EXACT_TAPS = 2 ** 20;

/** Table points per zero crossing: the error of linear interpolation is below (pi / 4096)^2 / 24, or -152 dB. */
const TABLE_STEPS = 4096;

/**
 * Polyphase low-pass filter for conversion by `up / down`. Row `p` holds the weights of inputs `1 - width / 2` to `width / 2` for
 * an output at `p / up` after input 0; each row sums to 1.
 */
export interface SincBank {
  /** Taps per row, a multiple of 4. */
  readonly width: number;
  readonly taps: Float64Array;
  /** Index in `taps` of the row of this phase, valid until the next call. */
  rowOffset(phase: number): number;
}

/** Filter bank for a ratio in lowest terms, of bounded size for any ratio. Recent banks are cached. */
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

/** Recent banks: computing one takes milliseconds, too much for each of thousands of short clips, and a corpus has few rates. */
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

/** Windowed sinc at `x` zero crossings from its centre. */
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

/** Scales a row to sum 1, so that a constant signal is preserved. */
function normalize(row: Float64Array): void {
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += row[k]!;
  for (let k = 0; k < row.length; k++) row[k]! /= sum;
}
