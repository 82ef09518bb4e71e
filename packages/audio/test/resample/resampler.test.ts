import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resample, Resampler } from "@callsign/audio/internal";
import { noise } from "../../../../test-support/random.ts";
import { refusal } from "../../../../test-support/refusal.ts";

const PEAK = 20_000;

describe("resample", () => {
  it.each([
    [44_100, 16_000, 1000],
    [48_000, 16_000, 1000],
    [22_050, 16_000, 5000],
    [8000, 16_000, 1000],
    [16_000, 44_100, 1000],
    // No common divisor: the rows come from the interpolated table.
    [44_101, 16_000, 1000],
  ])("reproduces a sine, %i to %i Hz at %i Hz, to more than 120 dB", (fromHz, toHz, hz) => {
    const resampled = resample(sine(fromHz, { hz, rate: fromHz }), { fromHz, toHz });
    const exact = sine(resampled.length, { hz, rate: toHz });
    expect(snrDb(inner(resampled), inner(exact))).toBeGreaterThan(120);
  });

  it.each([8001, 8100, 8500, 9000, 12_000, 15_000, 17_000, 21_000])(
    "lets nothing of a tone at %i Hz fold back, 44.1 to 16 kHz",
    (hz) => {
      for (const fromHz of [44_100, 44_101]) {
        const resampled = resample(sine(fromHz, { hz, rate: fromHz }), { fromHz, toHz: 16_000 });
        expect(levelDb(inner(resampled))).toBeLessThan(-120);
      }
    },
  );

  it("leaves no image of a tone, 8 to 16 kHz", () => {
    const hz = 3000;
    const resampled = inner(resample(sine(16_000, { hz, rate: 8000 }), { fromHz: 8000, toHz: 16_000 }));
    // By projection on its image at 8000 - 3000 Hz, over a whole number of periods.
    const periods = resampled.subarray(0, 16_000);
    let real = 0;
    let imaginary = 0;
    for (const [i, sample] of periods.entries()) {
      real += sample * Math.cos((2 * Math.PI * 5000 * i) / 16_000);
      imaginary += sample * Math.sin((2 * Math.PI * 5000 * i) / 16_000);
    }
    const amplitude = (2 * Math.hypot(real, imaginary)) / periods.length;
    expect(20 * Math.log10(amplitude / PEAK)).toBeLessThan(-120);
  });

  it("is flat over the speech band and beyond, to 0.76 of the lower Nyquist frequency", () => {
    for (const hz of [60, 1000, 3800, 6000]) {
      const resampled = resample(sine(44_100, { hz, rate: 44_100 }), { fromHz: 44_100, toHz: 16_000 });
      // Half a second, whole periods of each.
      expect(Math.abs(levelDb(resampled.subarray(500, 8500)))).toBeLessThan(1e-4);
    }
  });

  it("keeps a constant", () => {
    for (const fromHz of [8000, 44_100, 44_101, 48_000]) {
      const resampled = resample(new Float32Array(20_000).fill(1234.5), { fromHz, toHz: 16_000 });
      expect(inner(resampled)).toBeAllClose(inner(new Float32Array(resampled.length).fill(1234.5)), {
        rtol: 1e-7,
      });
    }
  });

  it("does not delay: an impulse stays where it was", () => {
    const input = new Float32Array(4410);
    input[441 * 3] = PEAK;
    const output = resample(input, { fromHz: 44_100, toHz: 16_000 });
    expect(output.indexOf(Math.max(...output))).toBe(160 * 3);
  });

  it("gives ceil(length * to / from) samples", () => {
    const rate = fc.integer({ min: 4000, max: 50_000 });
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 0, max: 500 }), (fromHz, toHz, length) => {
        const { length: actual } = resample(new Float32Array(length), { fromHz, toHz });
        expect(actual).toBe(Math.ceil((length * toHz) / fromHz));
      }),
      { numRuns: 30 },
    );
  });

  it("copies for equal rates", () => {
    const input = noise(1000, { seed: 1, peak: 30_000 });
    const output = resample(input, { fromHz: 16_000, toHz: 16_000 });
    expect(output).toEqual(input);
    expect(output.buffer).not.toBe(input.buffer);
  });
});

describe("Resampler", () => {
  const whole = noise(20_011, { seed: 7, peak: 32_767 });

  it.each([
    [44_100, 16_000],
    [8000, 16_000],
    [16_000, 44_100],
    [44_101, 16_000],
    [16_000, 16_000],
    [192_000, 1000],
  ])("streams exactly what the offline one gives, %i to %i Hz", (fromHz, toHz) => {
    const offline = resample(whole, { fromHz, toHz });
    const resampler = new Resampler({ fromHz, toHz });
    for (const chunkLengths of [[1], [160], [512], [1280], [997], [3, 5000, 1, 77]]) {
      const samples = chunkLengths.length === 1 && chunkLengths[0] === 1 ? 3000 : whole.length;
      const parts: number[] = [];
      for (let at = 0, turn = 0; at < samples; turn++) {
        const end = Math.min(samples, at + chunkLengths[turn % chunkLengths.length]!);
        parts.push(...resampler.push(whole.subarray(at, end)));
        at = end;
      }
      parts.push(...resampler.flush());
      const expected =
        samples === whole.length ? offline : resample(whole.subarray(0, samples), { fromHz, toHz });
      expect(parts).toBeAllClose(expected, { rtol: 0, atol: 0 });
    }
  });

  it("gives no samples for no samples", () => {
    const resampler = new Resampler({ fromHz: 44_100, toHz: 16_000 });
    expect(resampler.push(new Float32Array(0))).toHaveLength(0);
    expect(resampler.flush()).toHaveLength(0);
  });

  it.each([
    [{ fromHz: 0, toHz: 16_000 }, "INVALID_ARGUMENT", "fromHz to be a positive integer, got 0"],
    [{ fromHz: 16_000, toHz: -1 }, "INVALID_ARGUMENT", "toHz to be a positive integer, got -1"],
    [{ fromHz: 44_100.5, toHz: 16_000 }, "INVALID_ARGUMENT", "got 44100.5"],
    [{ fromHz: NaN, toHz: 16_000 }, "INVALID_ARGUMENT", "got NaN"],
    // As a header may claim: the filter must not grow with it.
    [{ fromHz: 4_294_967_295, toHz: 16_000 }, "AUDIO_UNSUPPORTED", "at most 256 times"],
    [{ fromHz: 1, toHz: 16_000 }, "AUDIO_UNSUPPORTED", "at most 256 times"],
  ] as const)("refuses %o", (options, code, text) => {
    expect(() => new Resampler(options)).toThrow(refusal(code, text));
  });

  it("takes the largest ratios in bounded memory", () => {
    for (const [fromHz, length] of [
      [4_095_999, 40_000],
      [63, 200],
    ] as const) {
      const resampler = new Resampler({ fromHz, toHz: 16_000 });
      const output = resampler.push(new Float32Array(length).fill(5));
      expect(output.at(-1)).toBeCloseTo(5, 4);
    }
  });
});

function sine(length: number, { hz, rate }: { readonly hz: number; readonly rate: number }): Float32Array {
  return Float32Array.from({ length }, (_, i) => PEAK * Math.sin((2 * Math.PI * hz * i) / rate));
}

/** Without the ends, where silence meets the signal. */
function inner(samples: Float32Array): Float32Array {
  return samples.subarray(500, samples.length - 500);
}

function snrDb(actual: Float32Array, exact: Float32Array): number {
  let signal = 0;
  let error = 0;
  for (const [i, value] of exact.entries()) {
    signal += value ** 2;
    error += (actual[i]! - value) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

/** Level against the sine that went in. */
function levelDb(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
  return 10 * Math.log10(power / (PEAK ** 2 / 2));
}
