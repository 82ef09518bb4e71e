import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createRandom } from "@callsign/data/internal";

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("createRandom", () => {
  it("gives the numbers of an independent sfc32", () => {
    // Python 3.11, hashlib.sha256 for the state, PractRand's sfc.cpp written out in integers.
    const random = createRandom("golden");
    expect(draw(4, () => random.next())).toEqual([
      0.08061831851842183, 0.3808321058738925, 0.5441961550897919, 0.0865701124049224,
    ]);
    const forked = createRandom(7).fork("voices").fork(0);
    expect(draw(3, () => forked.next())).toEqual([
      0.5105831263868045, 0.23104753508485742, 0.6635586419701245,
    ]);
  });

  it("depends on the seed, and on nothing drawn before a fork", () => {
    const random = createRandom("seed");
    const before = random.fork("part").next();
    draw(10, () => random.normal());
    expect(random.fork("part").next()).toBe(before);
    expect(random.fork("other").next()).not.toBe(before);
    expect(createRandom("seed").next()).not.toBe(createRandom("Seed").next());
    expect(createRandom(12).next()).toBe(createRandom("12").next());
  });

  it("is uniform: 64 bins of 64,000 draws (chi-square, 63 degrees of freedom, p > 0.001)", () => {
    const random = createRandom("chi-square");
    const bins = new Float64Array(64);
    for (let i = 0; i < 64_000; i++) bins[Math.floor(random.next() * 64)]!++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(103.4);
  });

  it("has normal numbers of mean 0, deviation 1 and kurtosis 3", () => {
    const random = createRandom("normal");
    const values = draw(50_000, () => random.normal());
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1);
    expect(mean(values.map((value) => value ** 4))).toBeCloseTo(3, 0);
  });

  it("draws whole numbers within their bounds, both reached", () => {
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 6 }), (low, width) => {
        const random = createRandom(`${low}/${width}`);
        const seen = new Set(draw(300, () => random.integer(low, low + width)));
        expect([Math.min(...seen), Math.max(...seen), seen.size]).toEqual([low, low + width, width + 1]);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it("shuffles into a permutation, every place alike likely", () => {
    const random = createRandom("shuffle");
    const items = [0, 1, 2, 3];
    const firsts = new Float64Array(4);
    for (let i = 0; i < 4000; i++) {
      const shuffled = random.shuffle(items);
      expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
      firsts[shuffled[0]!]!++;
    }
    for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it("chooses in proportion to the weights, and never what weighs nothing", () => {
    const random = createRandom("weights");
    const counts = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 8000; i++) counts[random.weightedChoice(["a", "b", "c"] as const, [1, 0, 3])]++;
    expect(counts.b).toBe(0);
    expect(Math.abs(counts.a - 2000)).toBeLessThan(160);
  });

  it("refuses what has no answer, with what it got", () => {
    const random = createRandom(0);
    expect(() => random.choice([])).toThrow("empty list");
    expect(() => random.integer(2, 1)).toThrow("got 2, 1");
    expect(() => random.weightedChoice(["a"], [0])).toThrow("1 items, weights [0]");
    expect(() => random.weightedChoice(["a", "b"], [1])).toThrow("2 items, weights [1]");
    expect(() => random.weightedChoice(["a", "b"], [1, Number.NaN])).toThrow("weights [1, NaN]");
  });
});
