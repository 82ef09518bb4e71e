import { describe, expect, it } from "vitest";
import { accuracyOf, precisionOf, recallOf, swapClasses } from "../../src/statistics/confusion.ts";

// scikit-learn's documented definitions: precision tp / (tp + fp), recall tp / (tp + fn).
const counts = { truePositives: 6, falsePositives: 2, falseNegatives: 1, trueNegatives: 11 };

describe("confusion", () => {
  it("gives accuracy, precision and recall of the positive class", () => {
    expect(accuracyOf(counts)).toBe(17 / 20);
    expect(precisionOf(counts)).toBe(6 / 8);
    expect(recallOf(counts)).toBe(6 / 7);
  });

  it("gives those of the other class when swapped", () => {
    expect(accuracyOf(swapClasses(counts))).toBe(17 / 20);
    expect(precisionOf(swapClasses(counts))).toBe(11 / 12);
    expect(recallOf(swapClasses(counts))).toBe(11 / 13);
    expect(swapClasses(swapClasses(counts))).toEqual(counts);
  });

  it("has no ratio where there is nothing to count", () => {
    const none = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
    expect([accuracyOf(none), precisionOf(none), recallOf(none)]).toEqual([null, null, null]);
  });
});
