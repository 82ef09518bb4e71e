import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { partition, SPLITS } from "@callsign/data/internal";

const names = Array.from({ length: 5000 }, (_, i) => `speaker-${i}`);
const shares = { train: 0.5, validation: 0.2, test: 0.3 };

describe("partition", () => {
  it("gives every split its share, and the first what rounding leaves", () => {
    const splits = [...partition(names, { seed: "s", shares }).values()];
    const counts = Object.fromEntries(
      ["train", "validation", "test"].map((split) => [
        split,
        splits.filter((other) => other === split).length,
      ]),
    );
    expect(counts).toEqual({ train: 2500, validation: 1000, test: 1500 });
    const few = [
      ...partition(names.slice(0, 8), { seed: 1, shares: { train: 0.8, validation: 0.2 } }).values(),
    ];
    expect(few.filter((split) => split === "validation")).toHaveLength(1);
  });

  it("leaves no split empty while there are values enough, and the first split first of all", () => {
    const of = (count: number): string[] =>
      [...new Set(partition(names.slice(0, count), { seed: 3, shares }).values())].toSorted();
    expect(of(0)).toEqual([]);
    expect(of(1)).toEqual(["train"]);
    expect(of(2)).toEqual(["train", "validation"]);
    expect(of(3)).toEqual(["test", "train", "validation"]);
  });

  it("depends on the seed and not on the order, and keeps the first value in the first split", () => {
    const splits = partition(names, { seed: 1, shares });
    const [first, ...others] = names;
    expect(splits.get(first!)).toBe("train");
    expect(partition([first!, ...others.toReversed()], { seed: 1, shares })).toEqual(splits);
    const moved = names.filter((name) => other.get(name) !== splits.get(name));
    // Two independent draws of 0.5, 0.2, 0.3 differ with probability 1 - 0.38.
    expect(moved.length / names.length).toBeCloseTo(0.62, 1);
  });

  it("moves hardly any value when one is added", () => {
    const before = partition(names, { seed: 1, shares });
    const after = partition([...names, "one more"], { seed: 1, shares });
    expect(names.filter((name) => before.get(name) !== after.get(name)).length).toBeLessThanOrEqual(2);
  });

  it("never uses a split of share 0 (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.constantFrom(...SPLITS), (values, only) => {
        const splits = partition(values, { seed: 0, shares: { train: 0, validation: 0, [only]: 1 } });
        expect(values.every((value) => splits.get(value) === only)).toBe(true);
      }),
      { seed: 1 },
    );
  });

  const other = partition(names, { seed: 2, shares });
});
