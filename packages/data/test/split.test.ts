import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { assignSplit, SPLITS } from "@callsign/data/internal";

const speakers = Array.from({ length: 5000 }, (_, i) => `speaker-${i}`);

describe("assignSplit", () => {
  it("gives the splits of an independent SHA-256", () => {
    // Python 3.11: first 6 bytes of sha256("callsign-split-1\n0\nspeaker-N"), big endian, over 2^48.
    expect(speakers.slice(0, 8).map((speaker) => assignSplit(speaker, { seed: 0 }))).toEqual([
      "train",
      "test",
      "train",
      "train",
      "train",
      "train",
      "train",
      "validation",
    ]);
  });

  it("holds to the fractions", () => {
    const fractions = { train: 0.5, validation: 0.2, test: 0.3 };
    const splits = speakers.map((speaker) => assignSplit(speaker, { seed: "s", fractions }));
    for (const split of SPLITS) {
      const share = splits.filter((other) => other === split).length / splits.length;
      expect(Math.abs(share - fractions[split])).toBeLessThan(0.03);
    }
  });

  it("changes with the seed", () => {
    const moved = speakers.filter(
      (speaker) => assignSplit(speaker, { seed: 1 }) !== assignSplit(speaker, { seed: 2 }),
    );
    // Two independent draws of 0.8, 0.1, 0.1 differ with probability 1 - 0.66.
    expect(moved.length / speakers.length).toBeCloseTo(0.34, 1);
  });

  it("never uses a split of fraction 0", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...SPLITS), (speaker, only) => {
        const fractions = { train: 0, validation: 0, test: 0, [only]: 1 };
        expect(assignSplit(speaker, { seed: 0, fractions })).toBe(only);
      }),
      { seed: 1 },
    );
  });

  it("refuses fractions that are none, with their sum", () => {
    const assign = (train: number, validation: number, test: number) => () =>
      assignSplit("a", { seed: 0, fractions: { train, validation, test } });
    expect(assign(0.8, 0.1, 0.2)).toThrow(/sum to 1, got train 0.8, validation 0.1, test 0.2/);
    expect(assign(1.5, -0.5, 0)).toThrow("in 0..1");
    expect(assign(Number.NaN, 0.5, 0.5)).toThrow("train NaN");
  });
});
