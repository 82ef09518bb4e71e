import { describe, expect, it } from "vitest";

import { RemainingTime } from "../../src/output/remaining-time.ts";

describe("RemainingTime", () => {
  it("is the estimate at first, and what is left of it on a machine as fast as estimated", () => {
    let now = 0;
    const remaining = new RemainingTime({ synthesize: 100, features: 200, train: 300 }, () => now);
    const after = (stage: string, done: number) => remaining.after({ stage, done, total: 50, unit: "x" });
    expect(after("synthesize", 0)).toBe(600);
    now = 50_000;
    expect(after("synthesize", 25)).toBeCloseTo(550, 6);
    now = 100_000;
    expect(after("features", 0)).toBeCloseTo(500, 6);
  });

  it("is corrected in proportion on a slower machine, from the part of a stage that was done here", () => {
    let now = 0;
    const remaining = new RemainingTime({ synthesize: 100, features: 200, train: 300 }, () => now);
    const after = (stage: string, done: number) => remaining.after({ stage, done, total: 100, unit: "x" });
    // Resumed at a half: the first ten clips take 30 s instead of ten.
    after("synthesize", 50);
    now = 30_000;
    expect(after("synthesize", 60)).toBeCloseTo(3 * (40 + 500), 6);
    now = 150_000;
    expect(after("train", 0)).toBeCloseTo(3 * 300, 6);
    expect(remaining.after({ stage: "mine", done: 1, total: 2, unit: "shards" })).toBeUndefined();
  });
});
