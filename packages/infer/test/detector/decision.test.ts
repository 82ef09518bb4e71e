import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallsignError } from "@callsign/audio/internal";
import { Decision, type DecisionPolicy, detectionSteps, sustainedScores } from "@callsign/infer/internal";

const policy = (changes: Partial<DecisionPolicy> = {}): DecisionPolicy => ({
  thresholds: { a: 0.5 },
  patience: 1,
  refractorySeconds: 0,
  ...changes,
});

/** Timestamps at which label `a` is detected, one score every 100 ms. */
function heardAt(scores: readonly number[], changes: Partial<DecisionPolicy> = {}): number[] {
  const decision = new Decision(["a"], policy(changes));
  return scores.flatMap((score, i) => decision.step([score], i * 100).map((found) => found.timestampMs));
}

describe("Decision", () => {
  it("counts a score at the threshold", () => {
    expect(heardAt([0.49, 0.5, 0.51, 0.2])).toEqual([100, 200]);
  });

  it("counts the float32 nearest to a threshold, whichever way it was rounded", () => {
    for (const threshold of [0.1, 0.27, 0.3, 0.7, 0.73, 0.9]) {
      const decision = new Decision(["a"], policy({ thresholds: { a: threshold } }));
      expect(decision.step(Float32Array.of(threshold), 0)).toHaveLength(1);
      expect(decision.step([threshold], 1)).toHaveLength(1);
      expect(decision.step([threshold - 1e-6], 2)).toHaveLength(0);
    }
  });

  it("requires as many consecutive steps as patience, counted anew after a gap", () => {
    expect(heardAt([1, 1, 0, 1, 1, 1, 0], { patience: 3 })).toEqual([500]);
    expect(heardAt([1, 1, 1, 1, 1, 1], { patience: 3 })).toEqual([200, 500]);
  });

  it("detects nothing in the refractory period and again exactly at its end", () => {
    expect(heardAt([1, 1, 1, 1, 1, 1, 1], { refractorySeconds: 0.3 })).toEqual([0, 300, 600]);
    // 1.1 s is 1100.0000000000002 ms in floating point.
    expect(
      heardAt(
        Array.from({ length: 12 }, () => 1),
        { refractorySeconds: 1.1 },
      ),
    ).toEqual([0, 1100]);
  });

  it("does not count steps of the refractory period towards patience", () => {
    expect(heardAt([1, 1, 1, 1, 1, 1], { patience: 2, refractorySeconds: 0.2 })).toEqual([100, 400]);
  });

  it("treats labels independently", () => {
    const decision = new Decision(
      ["a", "b"],
      policy({ thresholds: { a: 0.5, b: 0.9 }, refractorySeconds: 1 }),
    );
    expect(decision.step([0.6, 0.6], 0)).toEqual([{ label: "a", score: 0.6, timestampMs: 0 }]);
    expect(decision.step([0.6, 0.95], 100)).toEqual([{ label: "b", score: 0.95, timestampMs: 100 }]);
  });

  it("forgets everything on reset", () => {
    const decision = new Decision(["a"], policy({ patience: 2, refractorySeconds: 9 }));
    decision.step([1], 0);
    expect(decision.step([1], 100)).toHaveLength(1);
    decision.reset();
    expect(decision.step([1], 0)).toHaveLength(0);
    expect(decision.step([1], 100)).toHaveLength(1);
  });

  it("never detects a score that is not a number", () => {
    expect(heardAt([NaN, NaN], { thresholds: { a: 0 } })).toEqual([]);
  });

  it("equals a direct implementation for random scores", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 6 }),
        (scores, patience, refractorySteps) => {
          const heard = heardAt(scores, { patience, refractorySeconds: refractorySteps / 10 }).map(
            (ms) => ms / 100,
          );
          const [silence, last] = [Math.max(1, refractorySteps) + patience - 1, heard.slice(1)];
          expect(last.every((step, i) => step - heard[i]! >= silence)).toBe(true);
          const runs = heard.map((step) => scores.slice(step - patience + 1, step + 1));
          expect(runs.flat().every((score) => score >= 0.5)).toBe(true);
          // A run long enough that nothing silenced is always heard.
          const first = scores.findIndex(
            (_, i) => i + 1 >= patience && scores.slice(i + 1 - patience, i + 1).every((s) => s >= 0.5),
          );
          expect(heard[0]).toBe(first < 0 ? undefined : first);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  it.each<[Partial<DecisionPolicy>, RegExp]>([
    [{ thresholds: {} }, /threshold for label "a" must be 0 to 1, got undefined/],
    [{ thresholds: { a: 2 } }, /got 2/],
    [{ thresholds: { a: NaN } }, /got NaN/],
    [{ patience: 0 }, /patience/],
    [{ patience: 1.5 }, /patience/],
    [{ refractorySeconds: -1 }, /refractorySeconds/],
    [{ refractorySeconds: Infinity }, /refractorySeconds/],
  ])("refuses %j", (changes, message) => {
    const make = (): Decision => new Decision(["a"], policy(changes));
    expect(make).toThrow(CallsignError);
    expect(make).toThrow(message);
  });
});

// Few distinct scores, so that ties with the threshold and long streaks come often.
const score = fc.constantFrom(0, 0.1, 0.27, 0.5, 0.9, 1, Number.NaN);

describe("detectionSteps", () => {
  it("detects at the same steps as Decision", () => {
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 80 }),
        fc.constantFrom(0, 0.1, 0.27, 0.5, 1),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0, 0.08, 0.2, 1.1, 2),
        fc.constantFrom(32, 80),
        (list, threshold, patience, refractorySeconds, hopMs) => {
          const scores = Float32Array.from(list);
          const decision = new Decision(["a"], { patience, refractorySeconds, thresholds: { a: threshold } });
          const expected = list.flatMap((_, i) =>
            decision.step([scores[i]!], (i + 1) * hopMs).length > 0 ? [i] : [],
          );
          const options = { threshold, patience, refractorySeconds, hopMs };
          expect(detectionSteps(sustainedScores(scores, patience), options)).toEqual(expected);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});
