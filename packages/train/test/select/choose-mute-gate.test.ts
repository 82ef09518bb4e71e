import { IGNORED, NEGATIVE } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";
import { chooseGate, gateCost, type GateStream } from "../../src/select/choose-mute-gate.ts";

const PLAIN = { release: 1, holdSeconds: 0, longestSeconds: 30 };
const COSTS = { missedCost: 18, phraseShare: 1 / 19 };

/** 48 ms a window: a phrase of ten windows in every hundred, whose score dips in the middle and at its end. */
function dipping(): GateStream {
  const length = 1000;
  const scores = new Float64Array(length).fill(0.02);
  const outcome = new Int32Array(length).fill(NEGATIVE);
  const isNear = new Uint8Array(length);
  for (let from = 50; from < length; from += 100) {
    outcome.fill(0, from, from + 10).fill(IGNORED, from + 10, from + 12);
    isNear.fill(1, from, from + 20);
    scores.fill(0.9, from, from + 8);
    scores[from + 4] = 0.1;
  }
  const begins = new Uint8Array(length);
  begins[0] = 1;
  return { scores, outcome, isNear, begins, labels: 1, hopLength: 768 };
}

describe("gateCost", () => {
  it("counts what is let through of phrases, what is muted after them by the phrase, and of the rest by the window", () => {
    const stream = dipping();
    // Three of ten windows missed, nothing else muted.
    const missed = gateCost(stream, { policy: PLAIN, thresholds: [0.5], costs: COSTS });
    expect(missed).toBeCloseTo((1 / 19) * 18 * 0.3, 12);
    // All muted: eight windows after each phrase of ten that count, and all of the rest.
    const muted = gateCost(stream, {
      policy: { ...PLAIN, longestSeconds: 3600 },
      thresholds: [0],
      costs: COSTS,
    });
    expect(muted).toBeCloseTo((1 / 19) * 0.8 + 18 / 19, 12);
  });
});

describe("chooseGate", () => {
  it("holds over the dips of a phrase", () => {
    const { policy, thresholds, cost } = chooseGate(dipping(), { thresholds: [0.5], costs: COSTS });
    expect(policy.holdSeconds).toBeGreaterThanOrEqual(0.1);
    expect(thresholds[0]).toBeGreaterThan(0.02);
    expect(cost).toBeLessThan(0.03);
  });

  it("stays plain where nothing is gained", () => {
    const stream = dipping();
    for (let i = 0; i < stream.scores.length; i++) stream.scores[i] = stream.outcome[i] === 0 ? 0.9 : 0.02;
    const { policy, cost } = chooseGate(stream, { thresholds: [0.5], costs: COSTS });
    expect(policy).toEqual(PLAIN);
    expect(cost).toBe(0);
  });
});
