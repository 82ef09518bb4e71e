/** Complex Fourier transforms of one length, a power of two: tables made once, transforms in place. */
export interface Fft {
  readonly length: number;
  /** X[k] = sum over n of x[n] exp(-2 pi i k n / length), in place; `re` and `im` are `length` long. */
  forward(re: Float64Array, im: Float64Array): void;
  /** The inverse of `forward`, division by `length` included. */
  inverse(re: Float64Array, im: Float64Array): void;
}

/** The transform of a length, made on first use and kept. @throws RangeError unless `length` is a power of two */
export function fftOf(length: number): Fft {
  let fft = made.get(length);
  if (fft === undefined) {
    fft = createFft(length);
    made.set(length, fft);
  }
  return fft;
}

/** Tables depend on the length alone, so sharing them changes no result; a dozen lengths are ever in use. */
const made = new Map<number, Fft>();

/** Smallest power of two that is at least `length`. */
export const powerOfTwo = (length: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, length)));

function createFft(length: number): Fft {
  if (length < 1 || !Number.isInteger(Math.log2(length)))
    throw new RangeError(`fft: expected a power of two, got ${length}`);
  const swaps = bitReversalSwaps(length);
  // Sizes 2 and 4, then 8 if the others do not come in pairs, then two sizes in each pass.
  const isOdd = Math.log2(length) % 2 === 1;
  const eighths = isOdd && length >= 8 ? factorsOf(8, 1) : undefined;
  const passes: Pass[] = [];
  for (let size = isOdd ? 32 : 16; size <= length; size *= 4)
    passes.push({ size, factors: factorsOf(size, 3) });
  const forward = (re: Float64Array, im: Float64Array): void => {
    swapAll(re, swaps);
    swapAll(im, swaps);
    firstTwoStages(re, im);
    if (eighths) stage(re, im, { size: 8, factors: eighths });
    for (const pass of passes) twoStages(re, im, pass);
  };
  return {
    length,
    forward,
    inverse(re, im) {
      // Swapping real and imaginary parts turns the forward transform into the inverse.
      forward(im, re);
      for (let i = 0; i < length; i++) {
        re[i] = re[i]! / length;
        im[i] = im[i]! / length;
      }
    },
  };
}

/** A pass over blocks of one size, with its factors in the order of their use, which is twice as fast as one table for all sizes. */
interface Pass {
  readonly size: number;
  readonly factors: Float64Array;
}

/** Cosine and sine of 2 pi t m / size, for m from 1 to `powers` within t from 0 to size / (powers + 1). */
function factorsOf(size: number, powers: number): Float64Array {
  const factors: number[] = [];
  for (let t = 0; t < size / (powers + 1); t++)
    for (let m = 1; m <= powers; m++) {
      const angle = (2 * Math.PI * t * m) / size;
      factors.push(Math.cos(angle), Math.sin(angle));
    }
  return Float64Array.from(factors);
}

function bitReversalSwaps(length: number): Uint32Array {
  const swaps: number[] = [];
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) swaps.push(i, j);
  }
  return Uint32Array.from(swaps);
}

function swapAll(values: Float64Array, swaps: Uint32Array): void {
  for (let s = 0; s < swaps.length; s += 2) {
    const i = swaps[s]!;
    const j = swaps[s + 1]!;
    const kept = values[i]!;
    values[i] = values[j]!;
    values[j] = kept;
  }
}

/** Sizes 2 and 4, whose factors are 1 and -i: no multiplications. */
function firstTwoStages(re: Float64Array, im: Float64Array): void {
  const length = re.length;
  if (length === 2) {
    const [r, i] = [re[1]!, im[1]!];
    re[1] = re[0]! - r;
    im[1] = im[0]! - i;
    re[0] = re[0]! + r;
    im[0] = im[0]! + i;
    return;
  }
  for (let k = 0; k + 3 < length; k += 4) {
    const r0 = re[k]! + re[k + 1]!;
    const r1 = re[k]! - re[k + 1]!;
    const r2 = re[k + 2]! + re[k + 3]!;
    const r3 = re[k + 2]! - re[k + 3]!;
    const i0 = im[k]! + im[k + 1]!;
    const i1 = im[k]! - im[k + 1]!;
    const i2 = im[k + 2]! + im[k + 3]!;
    const i3 = im[k + 2]! - im[k + 3]!;
    re[k] = r0 + r2;
    im[k] = i0 + i2;
    re[k + 1] = r1 + i3;
    im[k + 1] = i1 - r3;
    re[k + 2] = r0 - r2;
    im[k + 2] = i0 - i2;
    re[k + 3] = r1 - i3;
    im[k + 3] = i1 + r3;
  }
}

/** Butterflies of one size (Cooley and Tukey, decimation in time). */
function stage(re: Float64Array, im: Float64Array, { size, factors }: Pass): void {
  const half = size >> 1;
  for (let start = 0; start < re.length; start += size) {
    for (let k = start, t = 0; t < size; k++, t += 2) {
      const c = factors[t]!;
      const s = factors[t + 1]!;
      const r = re[k + half]!;
      const i = im[k + half]!;
      const turnedRe = r * c + i * s;
      const turnedIm = i * c - r * s;
      re[k + half] = re[k]! - turnedRe;
      im[k + half] = im[k]! - turnedIm;
      re[k] = re[k]! + turnedRe;
      im[k] = im[k]! + turnedIm;
    }
  }
}

/** Butterflies of sizes `size / 2` and `size` in one pass (radix 4), which reads and writes memory half as often. */
function twoStages(re: Float64Array, im: Float64Array, { size, factors }: Pass): void {
  const quarter = size >> 2;
  for (let start = 0; start < re.length; start += size) {
    for (let a = start, t = 0; t < 6 * quarter; a++, t += 6) {
      // In bit-reversed order the second quarter has the inputs 2, 6, 10 ..., the third 1, 5, 9 ...
      const b = a + quarter;
      const c = b + quarter;
      const d = c + quarter;
      const bRe = re[b]! * factors[t + 2]! + im[b]! * factors[t + 3]!;
      const bIm = im[b]! * factors[t + 2]! - re[b]! * factors[t + 3]!;
      const cRe = re[c]! * factors[t]! + im[c]! * factors[t + 1]!;
      const cIm = im[c]! * factors[t]! - re[c]! * factors[t + 1]!;
      const dRe = re[d]! * factors[t + 4]! + im[d]! * factors[t + 5]!;
      const dIm = im[d]! * factors[t + 4]! - re[d]! * factors[t + 5]!;
      const evenRe = re[a]! + bRe;
      const evenIm = im[a]! + bIm;
      const alternateRe = re[a]! - bRe;
      const alternateIm = im[a]! - bIm;
      const oddRe = cRe + dRe;
      const oddIm = cIm + dIm;
      const turnedRe = cRe - dRe;
      const turnedIm = cIm - dIm;
      re[a] = evenRe + oddRe;
      im[a] = evenIm + oddIm;
      re[b] = alternateRe + turnedIm;
      im[b] = alternateIm - turnedRe;
      re[c] = evenRe - oddRe;
      im[c] = evenIm - oddIm;
      re[d] = alternateRe - turnedIm;
      im[d] = alternateIm + turnedRe;
    }
  }
}
