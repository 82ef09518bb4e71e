/**
 * Plays samples `factor` times as fast, which shifts the pitch as a tape does: `round(length / factor)` samples, sample p of
 * the input at p / factor of the output. Also resamples (factor 2 halves the rate). A Kaiser
 * windowed sinc with 16 zero crossings per side filters out what would alias.
 */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  const output = new Float32Array(Math.round(samples.length / factor));
  if (factor === 1) {
    output.set(samples);
    return output;
  }
  const { taps, table } = kernelFor(factor);
  const padded = new Float32Array(samples.length + 2 * taps);
  padded.set(samples, taps);
  const before = taps - taps / 2 + 1;
  for (let i = 0; i < output.length; i++) {
    const position = Math.round(i * factor * PHASES);
    const whole = Math.floor(position / PHASES);
    const row = (position - whole * PHASES) * taps;
    const first = whole + before;
    // Four independent sums, which the processor can compute in parallel; taps are a multiple of four.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let tap = 0; tap < taps; tap += 4) {
      const at = first + tap;
      const of = row + tap;
      a += padded[at]! * table[of]!;
      b += padded[at + 1]! * table[of + 1]!;
      c += padded[at + 2]! * table[of + 2]!;
      d += padded[at + 3]! * table[of + 3]!;
    }
    output[i] = a + b + (c + d);
  }
  return output;
}

/** Phases between two input samples; the nearest is used, with errors of about -70 dB. */
const PHASES = 1024;
const ZERO_CROSSINGS = 16;
/** Kaiser's beta for a stop band of about 80 dB (Kaiser 1974). */
const BETA = 8;
/** Share of the Nyquist frequency where the cut is half done, so that nearly all of the transition lies below it. */
const CUTOFF = 0.94;
/** Cutoffs are rounded down to these steps, so that a few tables cover every speed. */
const CUTOFF_STEPS = 32;

interface Kernel {
  readonly taps: number;
  /** `PHASES` rows of `taps`. */
  readonly table: Float32Array;
}

/** A kernel depends on the rounded cutoff alone, so sharing changes no result. */
const kernels = new Map<number, Kernel>();

function kernelFor(factor: number): Kernel {
  const step = Math.max(1, Math.floor(CUTOFF_STEPS / Math.max(1, factor)));
  let kernel = kernels.get(step);
  if (kernel === undefined) {
    kernel = createKernel((CUTOFF * step) / CUTOFF_STEPS);
    kernels.set(step, kernel);
  }
  return kernel;
}

function createKernel(cutoff: number): Kernel {
  const reach = 2 * Math.ceil(ZERO_CROSSINGS / cutoff / 2);
  const taps = 2 * reach;
  const table = new Float32Array(PHASES * taps);
  for (let phase = 0; phase < PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - reach + 1 - phase / PHASES;
      const value = cutoff * sinc(cutoff * distance) * kaiser(distance / reach);
      table[phase * taps + tap] = value;
      sum += value;
    }
    // Every phase passes a constant unchanged.
    for (let tap = 0; tap < taps; tap++) table[phase * taps + tap] = table[phase * taps + tap]! / sum;
  }
  return { taps, table };
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kaiser = (x: number): number =>
  Math.abs(x) > 1 ? 0 : besselI0(BETA * Math.sqrt(1 - x * x)) / besselI0(BETA);

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
