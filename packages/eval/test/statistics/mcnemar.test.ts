import { mcnemar, signTest } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";

describe("signTest", () => {
  it.each([
    // scipy 1.17.1: binomtest(b, b + c).pvalue
    [0, 5, 0.0625],
    [3, 9, 0.14599609375],
    [10, 10, 1],
    [40, 70, 0.005447429511444476],
    [1000, 900, 0.023108845108901193],
    [0, 0, 1],
  ])("of %i against %i is scipy's", (first, second, pValue) => {
    expect(signTest(first, second)).toBeCloseTo(pValue, 11);
    expect(signTest(second, first)).toBe(signTest(first, second));
  });
});

describe("mcnemar", () => {
  it("counts pairs by what each of two models got right", () => {
    const first = [true, true, true, false, false, true];
    const second = [true, false, false, true, false, false];
    expect(mcnemar(first, second)).toEqual({
      both: 1,
      onlyFirst: 3,
      onlySecond: 1,
      neither: 1,
      // two of 16 outcomes on either side at least as uneven, twice (1 + 4) / 16
      pValue: expect.closeTo(0.625, 12) as number,
    });
  });

  it("refuses lists of different trials", () => {
    expect(() => mcnemar([true], [])).toThrow("same trials twice, got 1 and 0");
  });
});
