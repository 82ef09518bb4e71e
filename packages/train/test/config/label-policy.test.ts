import { IGNORED, type LabelPolicy, NEGATIVE, outcomeOf } from "@callsign/data/internal";
import { parseDetectorConfig, resolveTraining } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

const policyOf = (labelling: object, kind = "sliding-audio"): LabelPolicy =>
  resolveTraining(
    parseDetectorConfig(
      { labels: [{ label: "on", phrases: ["on"] }], windowing: { kind }, train: { labelling } },
      { name: "x.yaml" },
    ),
  ).policy;

describe("label policy early", () => {
  const policy = policyOf({});

  it.each([
    ["no phrase near", { label: -1, heard: 0, sinceEnd: -1 }, NEGATIVE],
    ["the first sample of the phrase", { label: 0, heard: 0.001, sinceEnd: 0 }, 0],
    ["its last", { label: 0, heard: 1, sinceEnd: 0 }, 0],
    ["50 ms after it", { label: 0, heard: 1, sinceEnd: 800 }, 0],
    ["150 ms after it", { label: 0, heard: 1, sinceEnd: 2400 }, IGNORED],
    ["more than 150 ms after it", { label: 0, heard: 1, sinceEnd: 2401 }, NEGATIVE],
  ])("%s", (_, window, outcome) => {
    expect(outcomeOf(window, policy)).toBe(outcome);
  });

  it("ignores what comes before the share that must be heard", () => {
    const late = policyOf({ heardFraction: 0.5 });
    expect(outcomeOf({ label: 0, heard: 0.49, sinceEnd: 0 }, late)).toBe(IGNORED);
    expect(outcomeOf({ label: 0, heard: 0.5, sinceEnd: 0 }, late)).toBe(0);
  });
});

describe("label policy whole-phrase", () => {
  it.each([
    ["part of a phrase", { label: 2, heard: 0.99, sinceEnd: 0 }, IGNORED],
    ["a whole phrase", { label: 2, heard: 1, sinceEnd: 0 }, 2],
    ["200 ms after it", { label: 2, heard: 1, sinceEnd: 3200 }, 2],
    ["long after it", { label: 2, heard: 1, sinceEnd: 3201 }, IGNORED],
  ])("%s", (_, window, outcome) => {
    expect(outcomeOf(window, policyOf({}, "embedding-sequence"))).toBe(outcome);
  });
});
