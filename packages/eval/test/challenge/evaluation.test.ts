import { describe, expect, it } from "vitest";
import { type ChallengeOptions, evaluateChallenge, isValid } from "../../src/challenge/evaluation.ts";
import type { ChallengeTruth } from "../../src/challenge/truth.ts";
import { framesOf, signLabeller } from "./support/fake-labeller.ts";

// Ten frames of 160 samples (10 ms); the third and the sixth are commands: weights floor(1600 / 318) = 5 and 1.
const truth: ChallengeTruth = {
  sampleRateHz: 16_000,
  frameLength: 160,
  numSamples: 1600,
  commands: [
    { startSample: 320, endSample: 479 },
    { startSample: 800, endSample: 959 },
  ],
};
// Mutes the third frame and, wrongly, the eighth; misses the sixth.
const options: ChallengeOptions = {
  samples: framesOf([1, 1, -1, 1, 1, 1, 1, -1, 1, 1], 160),
  truth,
  truthName: "truth.json",
  labeller: signLabeller(),
  mode: "offline",
};
const figures = {
  score: (1600 - 5 * 160 - 160) / 1600,
  accuracy: 0.8,
  precision: 7 / 8,
  recall: 7 / 8,
  commandPrecision: 1 / 2,
  commandRecall: 1 / 2,
  frames: 10,
};
const untimed = { valid: null, slowSamples: null, maxOverrunMs: null, latencyMs: null };

describe("evaluateChallenge", () => {
  it("gives every figure of an offline run but those of time", async () => {
    const { result } = await evaluateChallenge(options);
    expect(result).toEqual({ ...figures, ...untimed });
    expect(Object.keys(result)).toEqual([...Object.keys(figures), ...Object.keys(untimed)]);
  });

  it("gives them all in real time", async () => {
    const { result, run } = await evaluateChallenge({ ...options, mode: "realtime" });
    expect(run.timing!.periodMs).toBe(10);
    expect(result).toMatchObject({ accuracy: 0.8, commandRecall: 0.5, frames: 10 });
    expect(result.valid).toBe(result.maxOverrunMs! <= 50);
    expect(result.latencyMs!.p50).toBeGreaterThan(0);
    expect(result.latencyMs!.p99).toBeGreaterThanOrEqual(result.latencyMs!.p50);
    expect(result.maxOverrunMs).toBeGreaterThanOrEqual(result.latencyMs!.p99);
    expect(result.slowSamples! % 160).toBe(0);
  });

  it("scores a prefix with the whole clip's weights", async () => {
    const { result } = await evaluateChallenge({ ...options, untilSample: 960 });
    expect(result).toMatchObject({ frames: 6, score: (960 - 5 * 160) / 960, recall: 1, commandRecall: 0.5 });
    expect((await evaluateChallenge({ ...options, untilSample: 1119 })).result.frames).toBe(6);
  });

  it("has no command figures before the first command", async () => {
    const { result } = await evaluateChallenge({ ...options, untilSample: 160 });
    expect(result).toMatchObject({ score: 1, recall: 1, commandPrecision: null, commandRecall: null });
  });

  it("refuses a truth of another clip, a prefix out of range and a clip without a frame", async () => {
    await expect(
      evaluateChallenge({ ...options, samples: options.samples.slice(0, 900) }),
    ).rejects.toMatchObject({
      code: "TRUTH_INVALID",
      message: expect.stringContaining("truth.json: numSamples is 1600, but the clip has 900 samples"),
    });
    for (const untilSample of [0, 159, 1601, 320.5, NaN]) {
      await expect(evaluateChallenge({ ...options, untilSample })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(`got ${untilSample}`),
      });
    }
    const short = { ...truth, numSamples: 100, commands: [{ startSample: 0, endSample: 9 }] };
    await expect(
      evaluateChallenge({ ...options, samples: new Float32Array(100), truth: short }),
    ).rejects.toMatchObject({ code: "AUDIO_TOO_SHORT" });
  });
});

describe("isValid", () => {
  const timing = (emitted: number[], labelled: number[]) => ({
    periodMs: 32,
    emittedMs: Float64Array.from(emitted),
    labelledMs: Float64Array.from(labelled),
  });

  it("allows 50 ms and no more", () => {
    expect(isValid(timing([0, 32], [50, 82]))).toBe(true);
    expect(isValid(timing([0, 32], [50, 82.001]))).toBe(false);
  });

  it("wants labels in the order of the frames, and none before its frame", () => {
    expect(isValid(timing([0, 1], [10, 9]))).toBe(false);
    expect(isValid(timing([0, 32], [1, 31]))).toBe(false);
  });
});
