import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentile } from "../../src/statistics/percentile.ts";

describe("percentile", () => {
  it("agrees with numpy 2.4.6, np.percentile(values, [0, 1, 25, 50, 90, 99, 100])", () => {
    const values = [5, 1.5, -2, 9.25, 4, 4, 7.5];
    const got = [0, 1, 25, 50, 90, 99, 100].map((percent) => percentile(values, percent));
    expect(got).toBeAllClose([-2, -1.79, 2.75, 4, 8.2, 9.145, 9.25], { rtol: 1e-14 });
  });

  it("lies between the extremes, rises with the percent, and leaves its input as it was", () => {
    const double = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.array(double, { minLength: 1 }), fc.nat(100), fc.nat(100), (values, a, b) => {
        const before = [...values];
        const low = percentile(values, Math.min(a, b));
        const high = percentile(values, Math.max(a, b));
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
        expect(values).toEqual(before);
      }),
      { seed: 1 },
    );
  });

  it("refuses what has no answer", () => {
    expect(() => percentile([], 50)).toThrow("expected values, got none");
    expect(() => percentile([1, NaN], 50)).toThrow("a value is NaN");
    expect(() => percentile([1], 101)).toThrow("expected 0 to 100, got 101");
    expect(() => percentile([1], NaN)).toThrow("expected 0 to 100, got NaN");
  });
});
