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
  const half = Math.max(1, length / 2);
  const cos = Float64Array.from({ length: half }, (_, i) => Math.cos((2 * Math.PI * i) / length));
  const sin = Float64Array.from({ length: half }, (_, i) => Math.sin((2 * Math.PI * i) / length));
  const swaps = bitReversalSwaps(length);
  const forward = (re: Float64Array, im: Float64Array): void => {
    swapAll(re, swaps);
    swapAll(im, swaps);
    firstTwoStages(re, im);
    for (let size = 8; size <= length; size *= 2) stage({ re, im, cos, sin }, size);
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

interface Transform {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** Butterflies of one size (Cooley and Tukey, decimation in time). */
function stage({ re, im, cos, sin }: Transform, size: number): void {
  const length = re.length;
  const half = size >> 1;
  const step = length / size;
  for (let start = 0; start < length; start += size) {
    for (let k = start, t = 0; k < start + half; k++, t += step) {
      const c = cos[t]!;
      const s = sin[t]!;
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
