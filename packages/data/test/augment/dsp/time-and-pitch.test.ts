import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { changeSpeed } from "../../../src/augment/dsp/change-speed.ts";
import { shiftFormants } from "../../../src/augment/dsp/shift-formants.ts";
import { bestContinuation, shiftPitch, timeScale } from "../../../src/augment/dsp/time-scale.ts";
import { createRandom } from "../../../src/random.ts";
import { amplitudeAt, decibels, rmsOf, strongestHz, tone, vowel } from "../signals.ts";

const inner = (samples: Float32Array): Float32Array => samples.subarray(2000, samples.length - 2000);

describe("changeSpeed", () => {
  it.each([0.85, 0.97, 1.1, 1.33])(
    "by %f changes length and pitch by the factor, and not the level",
    (factor) => {
      const output = changeSpeed(tone(440, { length: 16_000 }), factor);
      expect(output).toHaveLength(Math.round(16_000 / factor));
      const near = 440 * factor;
      expect(strongestHz(inner(output), { fromHz: near - 5, toHz: near + 5, stepHz: 0.1 })).toBeCloseTo(
        near,
        0,
      );
      expect(decibels(amplitudeAt(inner(output), near) / 8000)).toBeCloseTo(0, 2);
    },
  );

  it("puts every sample at its new place: a sine through a resampled clock", () => {
    const factor = 1.07;
    const output = changeSpeed(tone(700, { length: 8000 }), factor);
    const expected = output.map((_, i) => 8000 * Math.sin((2 * Math.PI * 700 * i * factor) / 16_000));
    expect(inner(output)).toBeAllClose(inner(expected), { atol: 8 });
  });

  it("leaves no alias: what would lie above the new Nyquist frequency is gone", () => {
    const output = changeSpeed(tone(6000, { length: 16_000 }), 2);
    expect(decibels(rmsOf(inner(output)) / rmsOf(tone(6000, { length: 16_000 })))).toBeLessThan(-70);
  });

  it("passes a constant, and nothing changes at factor 1", () => {
    const constant = new Float32Array(4000).fill(1000);
    expect(inner(changeSpeed(constant, 0.93))).toBeAllClose(inner(changeSpeed(constant, 0.93)).fill(1000), {
      rtol: 1e-5,
    });
    expect(changeSpeed(constant, 1)).toEqual(constant);
  });
});

describe("timeScale", () => {
  it.each([0.7, 0.9, 1.15, 1.5])(
    "by %f changes the length by the factor and keeps a tone's frequency and level",
    (factor) => {
      const output = timeScale(tone(440, { length: 32_000 }), factor);
      expect(output).toHaveLength(Math.round(32_000 * factor));
      expect(strongestHz(inner(output), { fromHz: 435, toHz: 445, stepHz: 0.1 })).toBeCloseTo(440, 0);
      expect(decibels(rmsOf(inner(output)) / rmsOf(tone(440, { length: 32_000 })))).toBeCloseTo(0, 1);
    },
  );

  it("puts a click within 10 ms of its new place", () => {
    const samples = new Float32Array(16_000);
    samples[6000] = 10_000;
    for (const factor of [0.8, 1.25]) {
      const output = timeScale(samples, factor);
      const at = output.reduce((best, value, i) => (Math.abs(value) > Math.abs(output[best]!) ? i : best), 0);
      // 10 ms of search and the half piece that is copied whole around it.
      expect(Math.abs(at - 6000 * factor)).toBeLessThan(160 + 256);
    }
  });

  it("finds a continuation nearly as like as the best of all places", () => {
    const samples = vowel({ pitchHz: 130, formantHz: 700, length: 8000 });
    const noisy = createRandom(1);
    for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! + 300 * noisy.normal();
    const likeness = (natural: number, place: number): number => {
      let product = 0;
      let energy = 0;
      for (let i = 0; i < 256; i++) {
        product += samples[place + i]! * samples[natural + i]!;
        energy += samples[place + i]! ** 2;
      }
      return product / Math.sqrt(energy);
    };
    for (let natural = 600; natural < 6000; natural += 371) {
      const wanted = natural + 97;
      const every = Array.from({ length: 321 }, (_, i) => likeness(natural, wanted - 160 + i));
      const found = bestContinuation(samples, { natural, wanted, search: 160 });
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(160);
      expect(likeness(natural, found)).toBeGreaterThan(0.95 * Math.max(...every));
    }
  });

  it("gives the exact length and finite values for any length and factor", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3000 }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        (length, factor) => {
          const samples = tone(300, { length });
          const output = timeScale(samples, factor);
          expect(output).toHaveLength(Math.round(length * factor));
          expect(output.every(Number.isFinite)).toBe(true);
          expect(changeSpeed(samples, factor).every(Number.isFinite)).toBe(true);
          expect(shiftPitch(samples, 3)).toHaveLength(length);
          expect(shiftFormants(samples, factor)).toHaveLength(length);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });
});

describe("shiftPitch", () => {
  it.each([-4, 2, 7])("by %i semitones moves a tone by 2^(n/12) and keeps the length", (semitones) => {
    const output = shiftPitch(tone(500, { length: 16_000 }), semitones);
    expect(output).toHaveLength(16_000);
    const expected = 500 * 2 ** (semitones / 12);
    const found = strongestHz(inner(output), { fromHz: 300, toHz: 900, stepHz: 0.5 });
    expect(Math.abs(found / expected - 1)).toBeLessThan(0.002);
  });
});

describe("shiftFormants", () => {
  const length = 16_000;
  const strongestHarmonic = (samples: Float32Array, pitchHz: number): number => {
    const harmonics = Array.from({ length: 30 }, (_, k) => amplitudeAt(inner(samples), (k + 1) * pitchHz));
    return (harmonics.indexOf(Math.max(...harmonics)) + 1) * pitchHz;
  };

  it("at 1 gives the samples back", () => {
    const samples = vowel({ pitchHz: 100, formantHz: 1000, length });
    expect(shiftFormants(samples, 1)).toBeAllClose(samples, { atol: 1 });
  });

  it.each([0.8, 1.25])("by %f moves the formant and not the pitch", (factor) => {
    const pitchHz = 100;
    const samples = vowel({ pitchHz, formantHz: 1200, length });
    expect(strongestHarmonic(samples, pitchHz)).toBe(1200);
    const output = shiftFormants(samples, factor);
    expect(Math.abs(strongestHarmonic(output, pitchHz) - 1200 * factor)).toBeLessThanOrEqual(100);
    // Energy stays on the harmonics of the same pitch, not between them.
    const place = strongestHarmonic(output, pitchHz);
    expect(amplitudeAt(inner(output), place) / amplitudeAt(inner(output), place + 50)).toBeGreaterThan(10);
    expect(decibels(rmsOf(inner(output)) / rmsOf(inner(samples)))).toBeCloseTo(0, 0);
  });
});
