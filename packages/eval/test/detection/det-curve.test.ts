import {
  detArea,
  detCurve,
  operatingPoint,
  outcomeOf,
  type ScoreTrack,
  shortestFloat32,
  trackDetections,
} from "@callsign/eval/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const decision = { patience: 1, refractorySeconds: 0.2 };

const track = (scores: readonly number[], rest: Partial<ScoreTrack> = {}): ScoreTrack => ({
  name: "a",
  scores: Float32Array.from(scores),
  hopMs: 80,
  ...rest,
});

describe("detCurve", () => {
  it("counts recordings and events at every threshold that changes a count", () => {
    const curve = detCurve({
      positives: [track([0.2, 0.9, 0.9]), track([0, 0.5]), track([0.1, 0.1])],
      // 0.7 comes within the refractory period of 0.8, 0.6 after it.
      negatives: [track([0.8, 0.7, 0.1, 0.6]), track([0.3])],
      negativeHours: 2,
      decision,
    });
    const steps = curve.points.map(({ threshold, misses, falseAccepts }) => [
      threshold,
      misses,
      falseAccepts,
    ]);
    const float = Math.fround;
    expect(steps).toEqual(
      [
        [null, 3, 0],
        [float(0.9), 2, 0],
        [float(0.8), 2, 1],
        [float(0.6), 2, 2],
        [float(0.5), 1, 2],
        [float(0.3), 1, 3],
        [float(0.1), 0, 3],
        [0, 0, 3],
      ].slice(0, 7),
    );
    expect(curve.points[3]).toMatchObject({ falseRejectRate: 2 / 3, falseAcceptsPerHour: 1 });
  });

  it("counts a word detected twice, or before it begins, as one false accept more", () => {
    const word = track([0.7, 0, 0, 0.9, 0, 0, 0, 0.8], { fromMs: 240 });
    const { points } = detCurve({ positives: [word], negatives: [track([0])], negativeHours: 1, decision });
    const counts = points.map(({ misses, falseAccepts, extraDetections }) => [
      misses,
      falseAccepts,
      extraDetections,
    ]);
    expect(counts.slice(0, 4)).toEqual([
      [1, 0, 0],
      [0, 0, 0],
      [0, 1, 1],
      [0, 2, 2],
    ]);
  });

  it("agrees with the decision stage run at each threshold", () => {
    const scores = fc.array(
      fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      { minLength: 1, maxLength: 40 },
    );
    const tracks = fc.array(
      scores.map((list) => track(list, { fromMs: 400 })),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(tracks, tracks, fc.integer({ min: 1, max: 3 }), (positives, negatives, patience) => {
        const policy = { ...decision, patience };
        const curve = detCurve({ positives, negatives, decision: policy, maxFalseAcceptsPerHour: Infinity });
        for (const { threshold, misses, falseAccepts, extraDetections } of curve.points) {
          if (threshold === null) continue;
          const at = { ...policy, threshold };
          const outcomes = positives.map((t) => outcomeOf(t, trackDetections(t, at)));
          expect(misses).toBe(outcomes.filter(({ hit }) => hit === undefined).length);
          const extra = outcomes.reduce((sum, outcome) => sum + outcome.falseAccepts, 0);
          expect(extraDetections).toBe(extra);
          expect(falseAccepts).toBe(extra + negatives.flatMap((t) => trackDetections(t, at)).length);
        }
      }),
      { seed: 2 },
    );
  });

  it("refuses to draw a rate from nothing", () => {
    expect(() => detCurve({ positives: [], negatives: [track([1])], decision })).toThrow("got 0 positives");
    expect(() => detCurve({ positives: [track([1])], negatives: [], decision })).toThrow("and 0 hours");
  });
});

describe("operatingPoint", () => {
  const curve = detCurve({
    positives: [track([0.9]), track([0.65]), track([0.55])],
    negatives: [track([0.8]), track([0.6]), track([0.6])],
    negativeHours: 4,
    decision,
  });

  it("takes the highest threshold with the fewest misses that the rate allows", () => {
    expect(operatingPoint(curve, 0.1)).toMatchObject({ threshold: 0.9, misses: 2, falseAccepts: 0 });
    expect(operatingPoint(curve, 0.25)).toMatchObject({ threshold: 0.65, misses: 1, falseAccepts: 1 });
    expect(operatingPoint(curve, 0.74)).toMatchObject({ threshold: 0.65, misses: 1, falseAccepts: 1 });
    expect(operatingPoint(curve, 0.75)).toMatchObject({ threshold: 0.55, misses: 0, falseAccepts: 3 });
  });

  it("is no threshold where the very highest accepts too much", () => {
    const hopeless = detCurve({
      positives: [track([0.5])],
      negatives: [track([1])],
      negativeHours: 1,
      decision,
    });
    expect(operatingPoint(hopeless, 0.5)).toMatchObject({ threshold: null, misses: 1, falseAccepts: 0 });
  });
});

describe("detArea", () => {
  const only = track([1]);
  const range = { from: 0.1, to: 10 };

  it("is 0 for a model without errors and 1 for one that detects nothing", () => {
    const perfect = detCurve({ positives: [only], negatives: [track([0])], negativeHours: 1, decision });
    const deaf = detCurve({
      positives: [track([0])],
      negatives: [track(Array(50).fill(1) as number[])],
      negativeHours: 1,
      decision,
    });
    expect(detArea(perfect.points, range)).toBe(0);
    expect(detArea(deaf.points, range)).toBe(1);
  });

  it("weighs rates by their logarithm", () => {
    // Half the words are missed at the ten rates below one an hour, none at the eleven from there to 10.
    const curve = detCurve({
      positives: [only, track([0.5])],
      negatives: [track([0.6])],
      negativeHours: 1,
      decision,
    });
    expect(detArea(curve.points, range)).toBeCloseTo(5 / 21, 12);
    expect(detArea(curve.points, { from: 1, to: 10 })).toBe(0);
  });
});

describe("shortestFloat32", () => {
  it("names the same float32 in few digits", () => {
    expect(shortestFloat32(Math.fround(0.27))).toBe(0.27);
    fc.assert(
      fc.property(fc.float({ min: 0, max: 1, noNaN: true }), (value) => {
        expect(Math.fround(shortestFloat32(value))).toBe(value);
      }),
    );
  });
});
