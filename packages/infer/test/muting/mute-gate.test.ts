import {
  costThreshold,
  MuteGate,
  muteGateOf,
  type MuteGatePolicy,
  DEFAULT_MUTE_GATE,
} from "@callsign/infer/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** Steps 100 ms apart. */
function run(scores: readonly (readonly number[])[], policy: Partial<MuteGatePolicy> = {}): string {
  const labels = ["oxygen", "battery"];
  const gate = new MuteGate(labels, { ...DEFAULT_MUTE_GATE, ...policy, thresholds: [0.5, 0.8] });
  return scores
    .map((row, i) => gate.step(row, i * 100))
    .map(({ muted, label }) => (muted ? label!.charAt(0) : "."))
    .join("");
}

/** Of the first label alone. */
const runOne = (scores: readonly number[], policy?: Partial<MuteGatePolicy>): string =>
  run(
    scores.map((score) => [score, 0]),
    policy,
  );

describe("MuteGate", () => {
  it("is shut while a score reaches its threshold, and names the command", () => {
    expect(runOne([0.4, 0.5, 0.9, 0.49])).toBe(".oo.");
    expect(
      run([
        [0.4, 0.79],
        [0.4, 0.8],
        [0.6, 0.95],
        [0.1, 0.1],
      ]),
    ).toBe(".bb.");
    // The one furthest above its threshold.
    expect(run([[0.6, 0.85]])).toBe("o");
  });

  it("mutes from the threshold down to its release fraction", () => {
    expect(runOne([0.3, 0.6, 0.3, 0.26, 0.24, 0.3], { release: 0.5 })).toBe(".ooo..");
  });

  it("holds on for so long after the last high score", () => {
    expect(runOne([0.9, 0, 0, 0, 0], { holdSeconds: 0.2 })).toBe("oo...");
    expect(runOne([0.9, 0, 0.9, 0, 0, 0], { holdSeconds: 0.2 })).toBe("oooo..");
  });

  it("opens after the longest mute, until the scores have dropped", () => {
    const scores = [0.9, 0.9, 0.9, 0.9, 0.9, 0.1, 0.9];
    expect(runOne(scores, { longestSeconds: 0.3 })).toBe("ooo...o");
  });

  it("never shuts for the background", () => {
    const decision = { thresholds: { on: 0.5 }, patience: 1, refractorySeconds: 0, background: "other" };
    for (const thresholds of [undefined, [0.5, 0.5]]) {
      const gate = muteGateOf({ labels: ["on", "other"], decision }, thresholds ? { thresholds } : {});
      expect([gate.step([0.1, 0.9], 0).muted, gate.step([0.6, 0.4], 100).muted]).toEqual([false, true]);
    }
  });

  it("is open again after reset", () => {
    const gate = new MuteGate(["a"], { ...DEFAULT_MUTE_GATE, holdSeconds: 10, thresholds: [0.5] });
    expect(gate.step([0.9], 0).muted).toBe(true);
    gate.reset();
    expect(gate.step([0.1], 100)).toEqual({ muted: false, label: undefined });
  });

  it("mutes at least what the default gate mutes, and more with a longer hold", () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(scores, fc.double({ min: 0, max: 1, noNaN: true }), (values, release) => {
        const plain = runOne(values);
        const held = runOne(values, { holdSeconds: 0.3, release });
        for (let i = 0; i < plain.length; i++) if (plain[i] === "o") expect(held[i]).toBe("o");
      }),
    );
  });

  it.each([
    [{ release: 1.1 }, "release must be 0 to 1, got 1.1"],
    [{ holdSeconds: -1 }, "holdSeconds must be 0 or more, got -1"],
    [{ longestSeconds: 0 }, "longestSeconds must be above 0, got 0"],
  ])("refuses %j", (policy, message) => {
    expect(() => runOne([], policy)).toThrow(message);
  });
});

describe("costThreshold", () => {
  it("is where both costs are equal", () => {
    expect(costThreshold({ missed: 18, needless: 1 })).toBe(1 / 19);
    expect(() => costThreshold({ missed: 0, needless: 1 })).toThrow("expected costs above 0");
  });
});
