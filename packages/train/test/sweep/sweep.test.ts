import { formatVariants, parseSweptFields, variantsOf } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

import { refusal } from "../../../../test-support/refusal.ts";

describe("variantsOf", () => {
  it("has every combination, over a config that is left as it is", () => {
    const base = { name: "x", train: { epochs: 5, batch: { positives: 8, negatives: 9 } } };
    const fields = parseSweptFields(["train.seed=1..3", "train.batch.negatives=16,32"]);
    const variants = variantsOf(base, fields);
    expect(variants).toHaveLength(6);
    expect(variants[1]).toEqual({
      name: "seed-1_batch.negatives-32",
      values: { "train.seed": 1, "train.batch.negatives": 32 },
      config: { name: "x", train: { epochs: 5, seed: 1, batch: { positives: 8, negatives: 32 } } },
    });
    expect(new Set(variants.map(({ name }) => name)).size).toBe(6);
    expect(base.train.batch.negatives).toBe(9);
  });

  it("reads numbers, switches and words", () => {
    const [field] = parseSweptFields(["train.x=0.001,1e-4,false,cosine,null"]);
    expect(field!.values).toEqual([0.001, 0.0001, false, "cosine", null]);
  });

  it.each([
    ["train.seed", "expected FIELD=VALUE"],
    ["train.seed=3..1", "expected a range that rises"],
    ["data.copies=1,2", "expected a field of train"],
  ])("refuses %s", (text, problem) => {
    expect(() => parseSweptFields([text])).toThrow(refusal("INVALID_ARGUMENT", problem));
  });

  it("refuses a field twice, and too many variants", () => {
    expect(() => parseSweptFields(["train.a=1", "train.a=2"])).toThrow(
      refusal("INVALID_ARGUMENT", "each field once"),
    );
    expect(() => parseSweptFields(["train.a=1..100", "train.b=1..11"])).toThrow(
      refusal("INVALID_ARGUMENT", "at most 1000 variants, got 1100"),
    );
  });
});

describe("formatVariants", () => {
  it("has one row for trainings that differ in the seed alone", () => {
    const result = (seed: number, rate: number, missed: number) => ({
      name: "",
      values: { "train.seed": seed, "train.learningRate": rate },
      labels: [{ label: "go", falseRejectRate: missed, falseAcceptsPerHour: 0.5 }],
      seconds: 60,
    });
    const table = formatVariants([result(1, 0.1, 0.02), result(2, 0.1, 0.04), result(1, 0.2, 0.05)]);
    expect(table.split("\n")).toEqual([
      "| train.learningRate | trainings | go: missed, % | false accepts/h | s |",
      "|---|---|---|---|---|",
      "| 0.1 | 2 | 3.0 (2.0-4.0) | 0.50 (0.50-0.50) | 60 (60-60) |",
      "| 0.2 | 1 | 5.0 | 0.50 | 60 |",
      "",
    ]);
  });
});
