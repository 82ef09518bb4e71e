import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { histogram, logEdges } from "../../src/statistics/histogram.ts";

describe("histogram", () => {
  it("counts a value at an edge in the bin above, and the last edge in the last bin, as numpy 2.4.6 does", () => {
    const bins = histogram([0.1, 0.5, 1, 1.9, 2, 3.99, 4], [0, 1, 2, 4]);
    expect(bins.map(({ count }) => count)).toEqual([2, 2, 3]);
    expect(bins[2]).toEqual({ from: 2, to: 4, count: 3 });
  });

  it("loses no value, and puts each where a linear search would", () => {
    const value = fc.double({ noNaN: true, min: -5, max: 15 });
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const edges = [0, 0.5, 3, 9, 10];
        const expected = [0, 0, 0, 0];
        for (const v of values)
          expected[
            Math.max(
              0,
              Math.min(
                3,
                edges.findLastIndex((edge) => edge <= v),
              ),
            )
          ]!++;
        expect(histogram(values, edges).map(({ count }) => count)).toEqual(expected);
      }),
      { seed: 2 },
    );
  });

  it("refuses edges out of order, too few edges and NaN", () => {
    expect(() => histogram([1], [0, 0])).toThrow("ascending edges");
    expect(() => histogram([1], [0])).toThrow("ascending edges");
    expect(() => histogram([1, NaN], [0, 2])).toThrow("value 1 is NaN");
  });
});

describe("logEdges", () => {
  it("divides decades evenly", () => {
    expect(logEdges(0.1, 100, 1)).toBeAllClose([0.1, 1, 10, 100], { rtol: 1e-12 });
    expect(logEdges(1, 10, 2)).toBeAllClose([1, Math.sqrt(10), 10], { rtol: 1e-12 });
  });

  it("covers limits that are no edges, and one value alone", () => {
    const edges = logEdges(0.23, 47, 10);
    expect(edges[0]).toBeLessThanOrEqual(0.23);
    expect(edges.at(-1)).toBeGreaterThanOrEqual(47);
    expect(logEdges(1, 1, 1)).toBeAllClose([1, 10], { rtol: 1e-12 });
  });
});
