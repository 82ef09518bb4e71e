import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnPeaks, waveformEnvelope } from "../../../src/report/charts/downsample.ts";

describe("waveformEnvelope", () => {
  it("keeps the extremes of every column, the last one short", () => {
    const envelope = waveformEnvelope(Float32Array.of(1, -2, 3, 4, 0, -7, 5), 3);
    expect(envelope).toEqual({ columnLength: 3, low: [-2, -7, 5], high: [3, 4, 5] });
  });

  it("has no more columns than asked for and loses no extreme", () => {
    const samples = fc.float32Array({ minLength: 1, maxLength: 300, noNaN: true });
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 50 }), (values, columns) => {
        const { low, high } = waveformEnvelope(values, columns);
        expect(low.length).toBeLessThanOrEqual(columns);
        expect(Math.min(...low)).toBe(Math.min(...values));
        expect(Math.max(...high)).toBe(Math.max(...values));
      }),
      { seed: 4 },
    );
  });

  it("has no columns without samples", () => {
    expect(waveformEnvelope(new Float32Array(0), 10)).toEqual({ columnLength: 1, low: [], high: [] });
  });
});

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
