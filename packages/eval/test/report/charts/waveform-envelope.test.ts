import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { waveformEnvelope } from "../../../src/report/charts/waveform-envelope.ts";

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
