import { describe, expect, it } from "vitest";
import type { ChallengeTruth } from "../../src/challenge/truth.ts";
import { lookAhead, lookAheadCurve } from "../../src/challenge/look-ahead.ts";

const sampleRateHz = 16_000;
// Ten frames of 10 ms; the command is all of frames 3 to 5, and the run mutes from the fifth on, one frame too long.
const run = {
  frameLength: 160,
  labels: Uint8Array.of(1, 1, 1, 1, 1, 0, 0, 1, 1, 1),
  scores: new Float32Array(10),
  timing: null,
};
const truth: ChallengeTruth = {
  sampleRateHz,
  frameLength: 160,
  numSamples: 1600,
  commands: [{ startSample: 480, endSample: 959 }],
};

/** Milliseconds that are muted. */
const mutedMs = (delayMs: number): number[] => {
  const { labels, labelLength } = lookAhead(run, { delayMs, sampleRateHz });
  return Array.from({ length: 100 }, (_, ms) => ms).filter(
    (ms) => labels[((ms * 16) / labelLength) | 0] === 0,
  );
};

describe("lookAhead", () => {
  it("begins every mute earlier by the delay, to the millisecond, and ends it where it ended", () => {
    for (const delayMs of [0, 3, 10, 25, 50]) {
      const from = 50 - delayMs;
      expect(mutedMs(delayMs)).toEqual(Array.from({ length: 70 - from }, (_, i) => from + i));
    }
  });

  it("stops at the beginning of the audio", () => {
    expect(mutedMs(500)).toHaveLength(70);
  });

  it("refuses a delay below nothing", () => {
    expect(() => lookAhead(run, { delayMs: -1, sampleRateHz })).toThrow("0 to 10,000");
  });
});

describe("lookAheadCurve", () => {
  it("gains a command's beginning, then loses speech before it", () => {
    const curve = lookAheadCurve(run, truth, { delaysMs: [0, 20, 40] });
    // A command sample costs floor(1600 / 479) = 3, any other 1; one frame is muted needlessly at every delay.
    expect(curve.map(({ score }) => score)).toEqual([(1600 - 960 - 160) / 1600, 0.9, 0.7]);
    expect(curve.map(({ commandRecall }) => commandRecall)).toEqual([1 / 3, 1, 1]);
  });

  it("judges only what lies from a sample on", () => {
    const [point] = lookAheadCurve(run, truth, { delaysMs: [20], fromSample: 960 });
    expect(point).toMatchObject({ score: (640 - 160) / 640, commandPrecision: 0 });
  });
});
