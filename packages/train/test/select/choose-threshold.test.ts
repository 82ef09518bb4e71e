import {
  chooseThreshold,
  costAt,
  DET_AREA_RANGE,
  leastCost,
  type ScoredStream,
  sweepThresholds,
} from "@callsign/train/internal";
import { detArea } from "@callsign/eval/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** An hour of steps of a second, three phrases, one loud false alarm. */
function stream(): ScoredStream {
  const scores = new Float64Array(3600).fill(0.01);
  const phrase = new Int32Array(3600).fill(-1);
  const begins = new Uint8Array(3600);
  begins[0] = 1;
  for (const [i, score] of [0.9, 0.6, 0.3].entries()) {
    scores.fill(score, 100 * (i + 1), 100 * (i + 1) + 3);
    phrase.fill(i, 100 * (i + 1), 100 * (i + 1) + 3);
  }
  scores[2000] = 0.5;
  return { scores, phrase, begins, phrases: 3, hopLength: 16_000 };
}

describe("sweepThresholds", () => {
  const points = sweepThresholds(stream(), { patience: 1, refractorySeconds: 1.5 });

  it("counts detections, not steps: missed phrases and false accepts per hour", () => {
    const above = points[0]!;
    expect(above.threshold).toBeGreaterThan(0.5);
    expect(above).toMatchObject({ falseRejectRate: expect.closeTo(1 / 3, 9), falseAcceptsPerHour: 0 });
    const at = points.find(({ threshold }) => threshold === 0.5)!;
    expect(at.falseAcceptsPerHour).toBeCloseTo(3600 / 3591, 9);
    expect(at.falseRejectRate).toBeCloseTo(1 / 3, 9);
  });

  it("gives the point with fewest misses within a rate, and the area of the curve", () => {
    expect(chooseThreshold(points, 0.5).threshold).toBeGreaterThan(0.5);
    expect(chooseThreshold(points, 1e6).falseRejectRate).toBe(0);
    expect(chooseThreshold([], 1)).toMatchObject({ threshold: 1, falseRejectRate: 1 });
    // A third is missed at every rate up to 100 an hour.
    expect(detArea(points, DET_AREA_RANGE)).toBeCloseTo(1 / 3, 9);
    expect(detArea([], DET_AREA_RANGE)).toBe(1);
  });

  it("lets patience and the refractory period decide", () => {
    const patient = sweepThresholds(stream(), { patience: 2, refractorySeconds: 1 });
    const at = patient.find(({ threshold }) => threshold === 0.5)!;
    expect(at.falseAcceptsPerHour).toBe(0);
  });
});

describe("leastCost", () => {
  it("is as cheap as the best of all thresholds", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });
    const costs = { missedCost: 18, phraseShare: 1 / 19 };
    fc.assert(
      fc.property(scores, scores, (up, down) => {
        const input = {
          positives: Float64Array.from(up, (score) => score / 20),
          negatives: Float64Array.from(down, (score) => score / 20),
        };
        const found = leastCost(input, costs);
        const tried = Array.from(
          { length: 43 },
          (_, i) => costAt(input, { ...costs, threshold: i / 40 }).cost,
        );
        expect(found.cost).toBeLessThanOrEqual(Math.min(...tried) + 1e-12);
        expect(costAt(input, { ...costs, threshold: found.threshold }).cost).toBeCloseTo(found.cost, 12);
      }),
    );
  });
});
