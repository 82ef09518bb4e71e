import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import { createEspeakEngine } from "../../../src/voices/engines/espeak/espeak.ts";
import { createFliteEngine } from "../../../src/voices/engines/flite.ts";
import { makeAttempt } from "../../../src/voices/make-clip.ts";
import { clippedShare, measureSpeech } from "../../../src/voices/quality/measure-speech.ts";
import { DEFAULT_LIMITS, rejectionOf } from "../../../src/voices/quality/quality-check.ts";

const RATE = 16_000;
const sine = (hz: number, { seconds = 1, amplitude = 8000 } = {}): Float32Array =>
  Float32Array.from(
    { length: seconds * RATE },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / RATE),
  );
const noise = (seconds = 1): Float32Array => {
  const random = createRandom("noise");
  return Float32Array.from({ length: seconds * RATE }, () => 3000 * random.normal());
};

describe("measureSpeech", () => {
  it("gives a sine its textbook figures", () => {
    const measures = measureSpeech(sine(1000, { amplitude: 32_768 / 2 }));
    expect(measures.seconds).toBe(1);
    expect(measures.peakDb).toBeCloseTo(-6.02, 2);
    expect(measures.rmsDb).toBeCloseTo(-9.03, 2);
    expect(measures.zeroCrossingsHz).toBeCloseTo(2000, -2);
    expect(measures.spectralFlatness).toBeLessThan(0.02);
    expect(Math.abs(measures.rolloffHz - 1000)).toBeLessThan(100);
  });

  it("gives white noise a flat spectrum up to the Nyquist frequency", () => {
    const measures = measureSpeech(noise());
    // Rayleigh amplitudes: exp(E ln) / E = sqrt(2) e^(-gamma / 2) / sqrt(pi / 2) = 0.8455, the lowest tenth a little less.
    expect(measures.spectralFlatness).toBeGreaterThan(0.75);
    expect(measures.spectralFlatness).toBeLessThan(0.8455);
    expect(measures.zeroCrossingsHz).toBeGreaterThan(7000);
    expect(measures.rolloffHz).toBeGreaterThan(7500);
  });

  it("counts samples at full scale, and takes silence and nothing for what they are", () => {
    expect(clippedShare(Float32Array.of(0, 32_767, -32_768, 5))).toBe(0.5);
    for (const samples of [new Float32Array(0), new Float32Array(2000)]) {
      expect(measureSpeech(samples)).toMatchObject({
        rmsDb: -120,
        peakDb: -120,
        clippedShare: 0,
        spectralFlatness: 0,
      });
    }
  });
});

describe("rejectionOf", () => {
  const judge = (samples: Float32Array, text = "stop the music") =>
    rejectionOf(measureSpeech(samples), { text });
  it.each([
    ["silence", new Float32Array(RATE), "silent"],
    ["a faint tone", sine(300, { amplitude: 60 }), "silent"],
    [
      "a clip cut off at full scale",
      sine(300, { amplitude: 60_000 }).map((s) => Math.max(-32_768, Math.min(32_767, s))),
      "clipped",
    ],
    ["a click", sine(300, { seconds: 0.1 }), "too-short"],
    [
      "half a second for forty letters",
      sine(300, { seconds: 0.5 }),
      "too-short",
      "what is the weather like in the old town today",
    ],
    ["a drawl", sine(300, { seconds: 6 }), "too-long"],
    ["white noise", noise(), "noise-like"],
    ["a hum", sine(100), "noise-like"],
    ["a whistle", sine(5000), "noise-like"],
  ])("calls %s what it is", (...[, samples, reason, text]: [string, Float32Array, string, string?]) => {
    expect(judge(samples, text)).toBe(reason);
  });

  it("gives digits and letters read one by one the time they take", () => {
    const measures = measureSpeech(sine(900, { seconds: 4 }));
    expect(rejectionOf(measures, { text: "4711" })).toBeUndefined();
    expect(rejectionOf(measures, { text: "A I R S" })).toBeUndefined();
    expect(rejectionOf(measures, { text: "airs" })).toBe("too-long");
  });

  it("takes other limits", () => {
    const limits = { ...DEFAULT_LIMITS, lowestRmsDb: -3 };
    expect(rejectionOf(measureSpeech(sine(900)), { text: "stop", limits })).toBe("silent");
  });

  it("passes speech of flite and espeak, hissing words and all", async () => {
    const texts = [
      "six",
      "hush",
      "fish",
      "stop",
      "yes",
      "hey computer",
      "zoo",
      "what is the weather like today",
      "fifth",
    ];
    const engines = [
      { engine: await createFliteEngine(), weight: 1 },
      { engine: await createEspeakEngine({ backend: "package" }), weight: 1 },
    ];
    const rejected: string[] = [];
    for (let index = 0; index < 36; index++) {
      const text = texts[index % texts.length]!;
      const { voice, result } = await makeAttempt({ seed: "gate", index, text, engines }, 0);
      if ("rejection" in result)
        rejected.push(`${text}: ${result.rejection} ${voice.voice} ${result.detail}`);
    }
    expect(rejected).toHaveLength(0);
  });

  it("answers for any samples (property)", () => {
    fc.assert(
      fc.property(fc.float32Array({ min: -32_768, max: 32_767, noNaN: true, maxLength: 3000 }), (samples) => {
        const measures = measureSpeech(samples);
        for (const value of Object.values(measures)) expect(Number.isFinite(value)).toBe(true);
        rejectionOf(measures, { text: "stop" });
      }),
      { seed: 2, numRuns: 50 },
    );
  });
});
