import { learningRateAt } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

describe("learningRateAt", () => {
  const options = { learningRate: 8, steps: 13, warmUp: 4 / 13, final: 0.25 };

  it("rises in a straight line, then falls by half a cosine to the final share", () => {
    const rates = Array.from({ length: 13 }, (_, step) => learningRateAt(step, options));
    expect(rates.slice(0, 5)).toBeAllClose([2, 4, 6, 8, 8]);
    // Half-way down the cosine lies the mean of 8 and 2; a quarter of the way cos(pi / 4).
    expect(rates[8]).toBeCloseTo(5, 10);
    expect(rates[6]).toBeCloseTo(2 + 6 * (0.5 + Math.SQRT1_2 / 2), 10);
    expect(rates[12]).toBeCloseTo(2, 10);
  });

  it("stays at its end after the last step and starts at the top without warm-up", () => {
    expect(learningRateAt(99, options)).toBeCloseTo(2, 10);
    expect(learningRateAt(0, { learningRate: 3, steps: 5, warmUp: 0 })).toBe(3);
    expect(learningRateAt(0, { learningRate: 3, steps: 1, warmUp: 0 })).toBe(3);
    expect(learningRateAt(0, { learningRate: 3, steps: 1, warmUp: 1 })).toBe(3);
  });
});
