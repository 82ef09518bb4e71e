import { createRandom, type Random } from "@callsign/data/internal";
import {
  chooseThreshold,
  costAt,
  detAreaRange,
  errorRatesAt,
  fitTail,
  leastCost,
  estimableRate,
  type ScoredStream,
  sweepThresholds,
  tailLogit,
} from "@callsign/train/internal";
import { detArea, sigmoid, toLogit } from "@callsign/eval/internal";
import { refractorySecondsOf } from "@callsign/train/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** One clip of talk, with the phrases whose windows `phrase` names. */
const streamOf = (
  sustained: Float32Array,
  { phrase, hopMs }: { phrase?: Int32Array; hopMs: number },
): ScoredStream => {
  const talkHours = (sustained.length * hopMs) / 3_600_000;
  return {
    clips: [{ sustained, phrase, perHour: 1 / talkHours }],
    phrases: phrase ? Math.max(...phrase) + 1 : 0,
    hopMs,
    hours: { talk: "people", talkHours, noiseHours: 0 },
  };
};

/** An hour of steps of a second, three phrases of three steps; at other steps nothing can be detected. */
function hourOf(falseAlarms: readonly number[], phrases = [0.9, 0.6, 0.3]): ScoredStream {
  const scores = new Float32Array(3600).fill(-1);
  const phrase = new Int32Array(3600).fill(-1);
  for (const [i, score] of phrases.entries()) {
    scores.fill(score, 100 * (i + 1), 100 * (i + 1) + 3);
    phrase.fill(i, 100 * (i + 1), 100 * (i + 1) + 3);
  }
  for (const [i, score] of falseAlarms.entries()) scores[2000 + 10 * i] = score;
  return streamOf(scores, { phrase, hopMs: 1000 });
}

const timing = { patience: 1, refractorySeconds: 1.5 };

describe("sweepThresholds", () => {
  it("counts detections, not steps: missed phrases and false accepts per hour", () => {
    const { points } = sweepThresholds(hourOf([0.5]), timing);
    const above = points.find(({ threshold }) => threshold < 0.61)!;
    expect(above).toMatchObject({ falseRejectRate: expect.closeTo(1 / 3, 9), falseAcceptsPerHour: 0 });
    const at = points.find(({ threshold }) => threshold === 0.5)!;
    expect(at).toMatchObject({ falseRejectRate: expect.closeTo(1 / 3, 9), falseAcceptsPerHour: 1 });
    // An hour resolves rates from one an hour on, at which no phrase is missed.
    expect(detAreaRange({ talkHours: 1 })).toEqual({ from: 1, to: 100 });
    expect(detArea(points, detAreaRange({ talkHours: 1 }))).toBe(0);
    expect(detArea(points, { from: 0.01, to: 0.1 })).toBeCloseTo(1 / 3, 9);
  });

  it("counts a head that stays high while the word is in the window once, with the default refractory period", () => {
    const windowing = { kind: "embedding-sequence", embeddings: 16, hopLength: 1280 } as const;
    // A word of 0.6 s said away from any phrase: from its end on, all of the 2 s window holds some of it.
    const scores = new Float32Array(200).fill(0.01).fill(0.9, 100, 125);
    const falseAcceptsAt = (refractorySeconds: number): number => {
      const stream = streamOf(scores, { hopMs: 80 });
      const { falseAcceptsPerHour } = errorRatesAt(stream, {
        patience: 1,
        refractorySeconds,
        threshold: 0.5,
      });
      return Math.round(falseAcceptsPerHour * stream.hours.talkHours);
    };
    expect(falseAcceptsAt(1)).toBe(2);
    expect(falseAcceptsAt(refractorySecondsOf(windowing))).toBe(1);
  });

  it("has a tail to rates that the hours are too few to count", () => {
    const loud = Array.from({ length: 60 }, (_, i) => sigmoid(-4 + i / 20));
    const { points, tail } = sweepThresholds(hourOf(loud, [0.9999]), timing);
    expect(tail!.rate).toBe(30);
    const highest = points[0]!;
    expect(highest.falseAcceptsPerHour).toBeGreaterThan(0);
    expect(highest.falseAcceptsPerHour).toBeLessThan(0.01);
    const rates = points.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour);
    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
  });
});

describe("chooseThreshold", () => {
  it("lies halfway in logit between the loudest negative and the quietest phrase, where the two are apart", () => {
    const curve = sweepThresholds(hourOf([0.2], [0.9, 0.8, 0.95]), timing);
    const { threshold, falseRejectRate } = chooseThreshold(curve, 0.5);
    expect(toLogit(threshold)).toBeCloseTo((toLogit(0.2) + toLogit(0.8)) / 2, 4);
    expect(falseRejectRate).toBe(0);
  });

  it("lies halfway between the tail's threshold for the rate and the quietest phrase", () => {
    const loud = Array.from({ length: 60 }, (_, i) => sigmoid(-5 + i / 20));
    const curve = sweepThresholds(hourOf(loud, [0.9, 0.95, 0.99]), timing);
    const { threshold, falseAcceptsPerHour } = chooseThreshold(curve, 0.5);
    const binding = tailLogit(curve.tail!, 0.5);
    expect(binding).toBeGreaterThan(-2);
    expect(toLogit(threshold)).toBeCloseTo((binding + toLogit(0.9)) / 2, 4);
    expect(falseAcceptsPerHour).toBeLessThan(0.5);
  });

  it("misses what is quieter than the binding negative, and keeps its margin to the rest", () => {
    const { threshold, falseRejectRate } = chooseThreshold(sweepThresholds(hourOf([0.5, 0.45]), timing), 1);
    expect(toLogit(threshold)).toBeCloseTo((toLogit(0.45) + toLogit(0.6)) / 2, 4);
    expect(falseRejectRate).toBeCloseTo(1 / 3, 9);
  });

  it("is above a word that sounds like the phrase, however far the tail of other talk lies below", () => {
    const quiet = Array.from({ length: 60 }, (_, i) => sigmoid(-9 + i / 20));
    const curve = sweepThresholds(hourOf([...quiet, 0.9, 0.91, 0.92, 0.93, 0.94], [0.95, 0.96]), timing);
    expect(chooseThreshold(curve, 0.5).threshold).toBeGreaterThan(0.92);
  });

  it("detects nothing rather than too much, if no phrase is louder than the rate allows", () => {
    const { threshold, falseRejectRate } = chooseThreshold(sweepThresholds(hourOf([0.95]), timing), 0.5);
    expect(threshold).toBeGreaterThanOrEqual(0.95);
    expect(threshold).toBeLessThan(1);
    expect(falseRejectRate).toBe(1);
  });

  it("keeps its promise on other hours of the same talk, to within a factor of two", () => {
    // Logistic logits: the rate of a threshold is known exactly, as every step is an event of its own.
    const hopMs = 400;
    const drawn = (random: Random, hours: number): Float32Array =>
      Float32Array.from({ length: (hours * 3_600_000) / hopMs }, () =>
        sigmoid(-6 + toLogit(random.next() || 0.5)),
      );
    const ratios = Array.from({ length: 15 }, (_, seed) => {
      const sustained = drawn(createRandom(seed), 2);
      const curve = sweepThresholds(streamOf(sustained, { hopMs }), { patience: 1, refractorySeconds: 0 });
      const { threshold } = chooseThreshold(curve, 0.5);
      return ((1 - sigmoid(toLogit(threshold) + 6)) * (3_600_000 / hopMs)) / 0.5;
    });
    expect(ratios.filter((ratio) => ratio > 0.5 && ratio < 2).length).toBeGreaterThanOrEqual(10);
  });
});

describe("estimableRate", () => {
  it("is the rate asked for, or what the hours can show", () => {
    expect(estimableRate(0.5, { talkHours: 2 })).toBe(0.5);
    expect(estimableRate(0.5, { talkHours: 0.1 })).toBe(2.5);
  });
});

describe("fitTail", () => {
  /** Logits of the loudest of `windows`, P(logit > x) = exp(-x^shape): the exceedances of order statistics are sums of exponentials (Rényi 1953). */
  const loudest = (random: Random, { windows, shape }: { windows: number; shape: number }): number[] => {
    let sum = 0;
    return Array.from({ length: 200 }, () => {
      sum -= Math.log(1 - random.next());
      return Math.log(windows / sum) ** (1 / shape);
    });
  };

  it.each([
    ["as light as of normal logits", 1.5],
    ["exponential", 1],
    ["heavier", 0.85],
  ])(
    "gives a rate within a factor of two of the true one in most draws, and more than the loudest window does: a tail %s",
    (_, shape) => {
      const hours = 2;
      const perHour = 1 / hours;
      const windows = hours * 9000;
      const isNear = (logit: number): boolean => {
        const rate = 9000 * Math.exp(-(logit ** shape));
        return rate > 0.25 && rate < 1;
      };
      let [near, nearOfCounted] = [0, 0];
      for (let draw = 0; draw < 300; draw++) {
        const logits = loudest(createRandom(draw), { windows, shape });
        near += Number(isNear(tailLogit(fitTail(logits.map((logit) => ({ logit, perHour })))!, 0.5)));
        nearOfCounted += Number(isNear(logits[1]!));
      }
      expect(near / 300).toBeGreaterThan(0.6);
      expect(near).toBeGreaterThan(nearOfCounted);
    },
  );

  it("is not fitted to a handful", () => {
    expect(fitTail(Array.from({ length: 4 }, (_, i) => ({ logit: i, perHour: 1 })))).toBeUndefined();
    expect(fitTail(Array.from({ length: 9 }, () => ({ logit: 3, perHour: 1 })))).toBeUndefined();
  });

  it("is not fitted to what is no tail: the loudest of two minutes of talk", () => {
    const loud = Array.from({ length: 40 }, (_, i) => ({ logit: i / 10, perHour: 30 }));
    expect(fitTail(loud)!.rate).toBe(180);
    expect(fitTail(loud.map(({ logit }) => ({ logit, perHour: 60 })))).toBeUndefined();
  });
});

describe("leastCost", () => {
  it("is as cheap as the best of all thresholds", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });
    const costs = { missedCost: 18, phraseShare: 1 / 19 };
    fc.assert(
      fc.property(scores, scores, (up, down) => {
        const input = {
          positives: Float64Array.from(up, (score) => score / 20),
          negatives: Float64Array.from(down, (score) => score / 20),
        };
        const found = leastCost(input, costs);
        const tried = Array.from(
          { length: 43 },
          (_, i) => costAt(input, { ...costs, threshold: i / 40 }).cost,
        );
        expect(found.cost).toBeLessThanOrEqual(Math.min(...tried) + 1e-12);
        expect(costAt(input, { ...costs, threshold: found.threshold }).cost).toBeCloseTo(found.cost, 12);
      }),
    );
  });
});
