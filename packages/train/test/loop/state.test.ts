import {
  createArchitecture,
  initialState,
  parseDetectorConfig,
  resolveTraining,
} from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

describe("initialState", () => {
  it.each(["conv-attention", "crnn", "dnn"])("%s begins with each label's share of a batch", (name) => {
    const labels = ["one", "two", "three", "four", "five"].map((label) => ({ label, phrases: [label] }));
    const train = { architecture: { name }, batch: { positives: 50, negatives: 150 } };
    const config = parseDetectorConfig({ labels, train }, { name: "test" });
    const training = resolveTraining(config);
    const architecture = createArchitecture(training.architecture);
    const { weights } = initialState(architecture, { config, training });
    const last = architecture.parameters.at(-1)!;
    expect(last).toMatchObject({ name: expect.stringMatching(/\.bias$/), shape: [5] });
    for (const bias of weights.slice(-5)) expect(1 / (1 + Math.exp(-bias))).toBeCloseTo(50 / 200 / 5, 6);
    expect(weights.at(-6)).not.toBe(weights.at(-5));
  });
});
