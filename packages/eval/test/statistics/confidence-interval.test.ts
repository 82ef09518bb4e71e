import { poissonInterval, wilsonInterval } from "@callsign/eval/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("wilsonInterval", () => {
  it.each([
    // scipy 1.17.1: binomtest(k, n).proportion_ci(0.95, "wilson")
    [0, 10, 0, 0.27753279986288926],
    [10, 315, 0.01733352957084028, 0.0574417487410739],
    [3, 7, 0.1582198552514697, 0.7495416354723428],
    [7, 7, 0.6456695649333126, 1],
  ])("of %i in %i is scipy's", (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect([interval.low, interval.high]).toBeAllClose([low, high], { rtol: 1e-12, atol: 1e-15 });
  });

  it("holds the share itself, and knows nothing of no trials", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (trials, share) => {
          const successes = Math.round(share * trials);
          const { low, high } = wilsonInterval(successes, trials);
          expect(low).toBeLessThanOrEqual(successes / trials);
          expect(high).toBeGreaterThanOrEqual(successes / trials);
        },
      ),
    );
  });

  it.each([
    [3, 2],
    [-1, 2],
    [0.5, 2],
    [Number.NaN, 2],
  ])("refuses %d of %d", (successes, trials) => {
    expect(() => wilsonInterval(successes, trials)).toThrow(`got ${successes} of ${trials}`);
  });
});

describe("poissonInterval", () => {
  it.each([
    // scipy 1.17.1: chi2.ppf(.025, 2k) / 2 and chi2.ppf(.975, 2k + 2) / 2
    [0, 0, 3.6888794541139354],
    [1, 0.025317807984289876, 5.571643390938898],
    [2, 0.24220927854396496, 7.22468766772396],
    [10, 4.7953886961324335, 18.39035604201778],
    [1000, 938.9730184076952, 1063.952136016302],
  ])("of %i events is scipy's", (events, low, high) => {
    const interval = poissonInterval(events, 1);
    expect([interval.low, interval.high]).toBeAllClose([low, high], { rtol: 1e-9, atol: 0 });
  });

  it("is a rate per unit of exposure", () => {
    const { low, high } = poissonInterval(10, 4);
    expect([low, high]).toBeAllClose([4.7953886961324335 / 4, 18.39035604201778 / 4], { rtol: 1e-9 });
  });

  it("refuses no exposure and broken counts", () => {
    expect(() => poissonInterval(1, 0)).toThrow("exposure above 0, got 0");
    expect(() => poissonInterval(1.5, 1)).toThrow("whole number of events, got 1.5");
  });
});
