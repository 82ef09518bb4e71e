import { fftOf, powerOfTwo } from "./fft.ts";

/**
 * Convolution with a kernel, the tail included: `samples.length + kernel.length - 1` values (none where either is
 * empty). By overlap-add in blocks, two real blocks to a complex transform.
 */
export function convolve(samples: Float32Array, kernel: Float32Array): Float32Array {
  if (samples.length === 0 || kernel.length === 0) return new Float32Array(0);
  const output = new Float32Array(samples.length + kernel.length - 1);
  const fft = fftOf(transformLength(samples.length, kernel.length));
  const block = fft.length - kernel.length + 1;
  const kernelRe = new Float64Array(fft.length);
  const kernelIm = new Float64Array(fft.length);
  kernelRe.set(kernel);
  fft.forward(kernelRe, kernelIm);
  const re = new Float64Array(fft.length);
  const im = new Float64Array(fft.length);
  for (let start = 0; start < samples.length; start += 2 * block) {
    const middle = Math.min(start + block, samples.length);
    const end = Math.min(start + 2 * block, samples.length);
    re.fill(0).set(samples.subarray(start, middle));
    im.fill(0).set(samples.subarray(middle, end));
    fft.forward(re, im);
    multiply({ re, im }, { re: kernelRe, im: kernelIm });
    fft.inverse(re, im);
    // A real kernel keeps the blocks apart: one comes back as the real part, the other as the imaginary.
    addInto(output, { values: re, at: start });
    if (end > middle) addInto(output, { values: im, at: middle });
  }
  return output;
}

/** The power of two with the least work: one transform of the kernel and two for every two blocks. */
function transformLength(samples: number, kernel: number): number {
  const longest = powerOfTwo(Math.ceil(samples / 2) + kernel);
  let best = longest;
  let least = Infinity;
  for (let length = powerOfTwo(2 * kernel); length <= longest; length *= 2) {
    const pairs = Math.ceil(samples / (2 * (length - kernel + 1)));
    const work = (2 * pairs + 1) * length * Math.log2(length);
    if (work >= least) continue;
    least = work;
    best = length;
  }
  return best;
}

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function multiply({ re, im }: Complex, by: Complex): void {
  const { re: byRe, im: byIm } = by;
  for (let k = 0; k < re.length; k++) {
    const r = re[k]!;
    const i = im[k]!;
    re[k] = r * byRe[k]! - i * byIm[k]!;
    im[k] = r * byIm[k]! + i * byRe[k]!;
  }
}

function addInto(output: Float32Array, { values, at }: { values: Float64Array; at: number }): void {
  const length = Math.min(values.length, output.length - at);
  for (let i = 0; i < length; i++) output[at + i] = output[at + i]! + values[i]!;
}
