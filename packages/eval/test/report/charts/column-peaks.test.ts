import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnPeaks } from "../../../src/report/charts/column-peaks.ts";

describe("columnPeaks", () => {
  it("gives back a short series, without its gaps", () => {
    expect(columnPeaks([3, null, 1], 3)).toEqual([
      { index: 0, value: 3 },
      { index: 2, value: 1 },
    ]);
  });

  it("keeps the highest of each stretch, where it stood", () => {
    expect(columnPeaks([1, 9, 2, 8, 7, 7, null, null, -4], 3)).toEqual([
      { index: 1, value: 9 },
      { index: 3, value: 8 },
      { index: 8, value: -4 },
    ]);
  });

  it("never has more points than columns, nor loses the highest", () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 40 }), (series, columns) => {
        const peaks = columnPeaks(series, columns);
        expect(peaks.length).toBeLessThanOrEqual(columns);
        expect(Math.max(...peaks.map(({ value }) => value))).toBe(Math.max(...series));
        for (const { index, value } of peaks) expect(series[index]).toBe(value);
      }),
      { seed: 5 },
    );
  });
});
