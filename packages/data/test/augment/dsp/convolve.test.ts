import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { convolve } from "../../../src/augment/dsp/convolve.ts";
import { fftOf } from "../../../src/augment/dsp/fft.ts";
import { createRandom } from "../../../src/random.ts";

const noise = (length: number, seed: number): Float32Array => {
  const random = createRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
};

/** The definition, term by term: what the fast version must equal. */
function convolveByDefinition(samples: Float32Array, kernel: Float32Array): Float64Array {
  const output = new Float64Array(samples.length + kernel.length - 1);
  for (let i = 0; i < samples.length; i++)
    for (let j = 0; j < kernel.length; j++) output[i + j] = output[i + j]! + samples[i]! * kernel[j]!;
  return output;
}

describe("fft", () => {
  it.each([1, 2, 4, 8, 64])("of %i equals the sum that defines it", (length) => {
    const re = Float64Array.from(noise(length, 1));
    const im = Float64Array.from(noise(length, 2));
    const expectedRe = re.map((_, k) =>
      re.reduce((sum, x, n) => sum + x * cos(k * n, length) + im[n]! * sin(k * n, length), 0),
    );
    const expectedIm = re.map((_, k) =>
      re.reduce((sum, x, n) => sum + im[n]! * cos(k * n, length) - x * sin(k * n, length), 0),
    );
    fftOf(length).forward(re, im);
    expect(re).toBeAllClose(expectedRe, { atol: 1e-10 });
    expect(im).toBeAllClose(expectedIm, { atol: 1e-10 });
  });

  it("comes back by its inverse and keeps the energy (Parseval)", () => {
    const length = 4096;
    const original = Float64Array.from(noise(length, 3));
    const re = original.slice();
    const im = new Float64Array(length);
    fftOf(length).forward(re, im);
    const energy = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0);
    expect((energy(re) + energy(im)) / length).toBeCloseTo(energy(original), 6);
    fftOf(length).inverse(re, im);
    expect(re).toBeAllClose(original, { atol: 1e-12 });
  });

  it("refuses other lengths", () => {
    expect(() => fftOf(12)).toThrow(/power of two, got 12/);
  });
});

const cos = (turns: number, length: number): number => Math.cos((2 * Math.PI * turns) / length);
const sin = (turns: number, length: number): number => Math.sin((2 * Math.PI * turns) / length);

describe("convolve", () => {
  it("equals its definition for any lengths", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 300 }), (samples, kernel) => {
        const x = noise(samples, samples);
        const h = noise(kernel, kernel + 1);
        expect(convolve(x, h)).toBeAllClose(convolveByDefinition(x, h), { rtol: 1e-6, atol: 1e-4 });
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it("equals its definition over many blocks", () => {
    const x = noise(40_000, 1);
    const h = noise(700, 2);
    expect(convolve(x, h)).toBeAllClose(convolveByDefinition(x, h), { rtol: 1e-6, atol: 1e-3 });
  });

  it("with a delta gives the samples back, with a late delta later", () => {
    const x = noise(3000, 5).map((value) => Math.round(1000 * value));
    expect(convolve(x, Float32Array.of(1))).toBeAllClose(x, { atol: 1e-3 });
    const late = new Float32Array(800);
    late[799] = 0.5;
    const y = convolve(x, late);
    expect(y.subarray(799)).toBeAllClose(
      x.map((value) => value / 2),
      { atol: 1e-3 },
    );
    expect(y.subarray(0, 799)).toBeAllClose(new Float32Array(799), { atol: 1e-3 });
  });

  it("of nothing is nothing", () => {
    expect(convolve(new Float32Array(0), Float32Array.of(1))).toHaveLength(0);
    expect(convolve(Float32Array.of(1), new Float32Array(0))).toHaveLength(0);
  });
});
