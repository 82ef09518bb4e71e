import { describe, expect, it } from "vitest";
import { bootstrapMean } from "../../src/statistics/bootstrap.ts";
import { type ClipResult, summarizeClips } from "../../src/conversation/evaluate-clips.ts";

const SECOND = 16_000;
const clip = (score: number, mutedShare: number): ClipResult => ({
  clip: "001",
  score,
  // Of a minute: 3 s of command, half of it muted, and 2 s of talk muted.
  confusion: {
    truePositives: 55 * SECOND,
    falsePositives: 1.5 * SECOND,
    falseNegatives: 2 * SECOND,
    trueNegatives: 1.5 * SECOND,
  },
  commands: [{ text: "lights on", mutedShare }],
  lookAhead: [{ delayMs: 40, score: score + 0.1, commandPrecision: 1, commandRecall: 1 }],
});

describe("summarizeClips", () => {
  it("sums samples over clips, and means scores and commands", () => {
    const summary = summarizeClips([clip(0.5, 0), clip(0.75, 0.5)]);
    expect(summary).toMatchObject({
      clips: 2,
      minutes: 2,
      score: 0.625,
      needlessSecondsPerMinute: 2,
      commandPrecision: 1.5 / 3.5,
      commandRecall: 0.5,
      commands: { "lights on": { count: 2, mutedShare: 0.25, missed: 1 } },
    });
    expect(summary.lookAhead[0]!.score).toBeCloseTo(0.725, 10);
    expect(summary.interval).toEqual({ low: 0.5, high: 0.75 });
  });

  it("refuses no clips", () => {
    expect(() => summarizeClips([])).toThrow("expected values");
  });
});

describe("bootstrapMean", () => {
  it("is near the normal interval, and the same each time", () => {
    const values = Array.from({ length: 100 }, (_, i) => i / 99);
    const interval = bootstrapMean(values);
    const spread = (1.96 * Math.sqrt(100 / 12 / 99)) / Math.sqrt(99);
    expect(interval.low).toBeCloseTo(0.5 - spread, 1);
    expect(interval.high).toBeCloseTo(0.5 + spread, 1);
    expect(interval.high - interval.low).toBeGreaterThan(0.08);
    expect(bootstrapMean(values)).toEqual(interval);
  });
});
