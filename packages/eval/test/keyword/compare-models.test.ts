import { compareModels, type ComparedModel, evaluateKeyword } from "@callsign/eval/internal";
import { describe, expect, it } from "vitest";
import { scored } from "./support/scored.ts";

/** A model that gives the words of four recordings, and the loudest of two without it, these scores. */
function model(name: string, scores: readonly number[], falsely: number): ComparedModel {
  const positives = scores.map((score, i) => scored(`word-${i}`, score));
  const negatives = [scored("talk-0", falsely), scored("talk-1", 0)];
  const decision = { patience: 1, refractorySeconds: 1, threshold: 0.5 };
  return {
    model: name,
    label: name,
    positives,
    evaluation: evaluateKeyword({ positives, negatives, decision }),
  };
}

describe("compareModels", () => {
  it("pairs what each hears at its own threshold for the same rate", () => {
    const { models, pairs } = compareModels([
      model("first", [0.9, 0.8, 0.7, 0.1], 0.5),
      // Its scores are lower, and so is the threshold that keeps it quiet.
      model("second", [0.3, 0.05, 0.3, 0.3], 0.2),
      model("third", [0.9, 0.9, 0.9, 0.9], 0.1),
    ]);
    expect(models.map(({ model: name, operatingPoints }) => [name, operatingPoints[1]!.misses])).toEqual([
      ["first", 1],
      ["second", 1],
      ["third", 0],
    ]);
    expect(pairs.map(({ first, second }) => [first, second])).toEqual([
      ["first", "second"],
      ["first", "third"],
      ["second", "third"],
    ]);
    expect(pairs[0]).toEqual({
      first: "first",
      second: "second",
      both: 2,
      onlyFirst: 1,
      onlySecond: 1,
      neither: 0,
      pValue: 1,
      difference: 0,
      differenceInterval: expect.objectContaining({ low: expect.any(Number) as number }) as object,
      heardOnlyByFirst: ["word-1"],
      heardOnlyBySecond: ["word-3"],
    });
  });

  it("refuses one model, and models that heard something else", () => {
    expect(() => compareModels([model("a", [1], 0)])).toThrow("two models or more, got 1");
    expect(() => compareModels([model("a", [1], 0), model("b", [1, 1], 0)])).toThrow(
      "a and b were not evaluated on the same recordings",
    );
  });
});
