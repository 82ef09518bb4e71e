import {
  operatingPoint,
  resampledInterval,
  resampleMissRates,
  type ScoreTrack,
  sweepThresholds,
} from "@callsign/eval/internal";
import { createRandom } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

const decision = { patience: 1, refractorySeconds: 1 };
const random = createRandom("resample test");

const track = (score: number): ScoreTrack => ({
  name: "a",
  scores: Float32Array.of(0, score),
  hopMs: 80,
});
const positives = Array.from({ length: 200 }, () => track(random.next()));
// Few are loud, and those far apart: the threshold depends on which of them a draw takes.
const negatives = Array.from({ length: 400 }, () => track(0.9 * random.next() ** 6));
const file = (seconds: number, i: number) => ({ group: String(i), seconds });

describe("resampleMissRates", () => {
  const sweep = sweepThresholds({ positives, negatives, negativeHours: 4, decision });
  const each = {
    positives: positives.map((_, i) => file(1, i)),
    negatives: negatives.map((_, i) => file(36, i)),
    rates: [1, 5],
  };
  const [one, five] = resampleMissRates(sweep, each);

  it("spreads around the miss rate, wider than the misses alone do", () => {
    const point = operatingPoint(sweep.curve, 1);
    const { low, high } = resampledInterval(one!);
    expect(low).toBeLessThan(point.falseRejectRate);
    expect(high).toBeGreaterThan(point.falseRejectRate);
    // Wilson's interval takes the threshold for given.
    expect(high - low).toBeGreaterThan(point.interval.high - point.interval.low);
    expect(resampledInterval(five!).high).toBeLessThanOrEqual(high);
  });

  it("picks the threshold of each draw as that of a curve of its recordings", () => {
    // Groups of which a draw can only take all or none of: one group of positives, one of negatives.
    const whole = resampleMissRates(sweep, {
      positives: positives.map(() => file(1, 0)),
      negatives: negatives.map(() => file(36, 0)),
      rates: [1, 5],
    });
    for (const [i, rate] of [1, 5].entries())
      expect(new Set(whole[i])).toEqual(new Set([operatingPoint(sweep.curve, rate).falseRejectRate]));
  });

  it("is wider where few speakers said everything, and the same every time", () => {
    const width = (values: Float64Array): number => {
      const { low, high } = resampledInterval(values);
      return high - low;
    };
    // Half the speakers are heard always, half never.
    const uneven = positives.map((_, i) => ({ name: "b", scores: Float32Array.of(i % 2), hopMs: 80 }));
    const other = sweepThresholds({ positives: uneven, negatives, negativeHours: 4, decision });
    const speakers = uneven.map((_, i) => file(1, i % 8));
    const bySpeaker = resampleMissRates(other, { ...each, positives: speakers })[0]!;
    const byFile = resampleMissRates(other, each)[0]!;
    expect(width(bySpeaker)).toBeGreaterThan(3 * width(byFile));
    expect(resampleMissRates(sweep, each)[0]).toEqual(one);
  });
});
