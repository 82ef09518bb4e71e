import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { challengeWeights, scoreChallenge } from "../../src/challenge/score.ts";
import { type ChallengeTruth, readChallengeTruth } from "../../src/challenge/truth.ts";
import { accuracyOf, precisionOf, recallOf, swapClasses } from "../../src/statistics/confusion.ts";

// 100 samples, commands 20..29 and 50..59: weights floor(1 / 0.18) = 5 and floor(1 / 0.82) = 1.
const truth: ChallengeTruth = {
  sampleRateHz: 16_000,
  frameLength: 10,
  numSamples: 100,
  commands: [
    { startSample: 20, endSample: 29 },
    { startSample: 50, endSample: 59 },
  ],
};
const perfect = Uint8Array.of(1, 1, 0, 1, 1, 0, 1, 1, 1, 1);
const untimed = { labelLength: 10, overrunsMs: null };

describe("scoreChallenge", () => {
  it("is 1 for the truth itself", () => {
    const { score, confusion } = scoreChallenge({ labels: perfect, ...untimed }, truth);
    expect(score).toBe(1);
    expect(confusion).toEqual({ truePositives: 80, falsePositives: 0, falseNegatives: 0, trueNegatives: 20 });
  });

  it("charges floor(N / command samples) for a command that is broadcast and 1 for communication that is muted", () => {
    expect(challengeWeights(truth)).toEqual({ command: 5, communication: 1 });
    expect(scoreChallenge({ labels: perfect.with(2, 1), ...untimed }, truth).score).toBe(
      (100 - 10 * 5) / 100,
    );
    expect(scoreChallenge({ labels: perfect.with(0, 0), ...untimed }, truth).score).toBe((100 - 10) / 100);
  });

  it("counts both ends of a command as inside", () => {
    const one = { ...truth, commands: [{ startSample: 19, endSample: 30 }] };
    const { confusion } = scoreChallenge({ labels: perfect.with(5, 1), ...untimed }, one);
    expect(confusion).toEqual({ truePositives: 88, falsePositives: 2, falseNegatives: 0, trueNegatives: 10 });
  });

  it("charges a slow sample 1 and nothing else, from exactly 20 ms on", () => {
    const wrong = perfect.with(2, 1);
    const overrunsMs = new Float64Array(10).fill(19.999);
    expect(scoreChallenge({ labels: wrong, labelLength: 10, overrunsMs }, truth)).toMatchObject({
      score: 0.5,
      slowSamples: 0,
    });
    overrunsMs[2] = 20;
    overrunsMs[9] = 300;
    expect(scoreChallenge({ labels: wrong, labelLength: 10, overrunsMs }, truth)).toMatchObject({
      score: 0.8,
      slowSamples: 20,
    });
  });

  it("agrees with the rules applied sample by sample", () => {
    fc.assert(
      fc.property(runs, ({ labels, labelLength, overrunsMs, truth: drawn }) => {
        const { score, confusion } = scoreChallenge({ labels, labelLength, overrunsMs }, drawn);
        expect(score).toBeCloseTo(scoreSampleBySample({ labels, labelLength, overrunsMs }, drawn), 12);
        expect(Object.values(confusion).reduce((a, b) => a + b)).toBe(labels.length * labelLength);
      }),
      { seed: 3 },
    );
  });

  it("gives the same for a label a frame and a label a sample", () => {
    const labels = perfect.with(2, 1).with(7, 0);
    const perSample = Uint8Array.from({ length: 100 }, (_, i) => labels[Math.floor(i / 10)]!);
    expect(scoreChallenge({ labels: perSample, labelLength: 1, overrunsMs: null }, truth)).toEqual(
      scoreChallenge({ labels, ...untimed }, truth),
    );
  });

  it("refuses what is no labelling of the clip", () => {
    const score = (labels: Uint8Array, overrunsMs: Float64Array | null = null, labelLength = 10) =>
      scoreChallenge({ labels, labelLength, overrunsMs }, truth);
    expect(() => score(new Uint8Array(0))).toThrow("expected at least one label");
    expect(() => score(new Uint8Array(11))).toThrow(
      "11 labels of 10 samples from 0 on reach beyond the clip's 100",
    );
    expect(() => score(Uint8Array.of(0, 2))).toThrow("labels are 0 or 1, got 2 at 1");
    expect(() => score(Uint8Array.of(0, 1), new Float64Array(3))).toThrow("got 3 for 2 labels");
    expect(() => score(Uint8Array.of(0, 1), null, 0.5)).toThrow("labelLength");
  });
});

/** shared/README.md, "The challenge score", word for word, one sample after the other. */
function scoreSampleBySample(
  run: { labels: Uint8Array; labelLength: number; overrunsMs: Float64Array },
  { commands, numSamples }: ChallengeTruth,
): number {
  const commandRatio = commands.reduce((sum, c) => sum + (c.endSample - c.startSample), 0) / numSamples;
  const samples = run.labels.length * run.labelLength;
  let score = samples;
  for (let i = 0; i < samples; i++) {
    const frame = Math.floor(i / run.labelLength);
    const isCommand = commands.some((c) => c.startSample <= i && i <= c.endSample);
    if (run.overrunsMs[frame]! >= 20) score -= 1;
    else if (isCommand && run.labels[frame] !== 0) score -= Math.floor(1 / commandRatio);
    else if (!isCommand && run.labels[frame] !== 1) score -= Math.floor(1 / (1 - commandRatio));
  }
  return score / samples;
}

const runs = fc
  .record({
    labels: fc.uint8Array({ min: 0, max: 1, minLength: 1, maxLength: 40 }),
    labelLength: fc.integer({ min: 1, max: 7 }),
    // Gaps and lengths, alternating: commands in order that cannot overlap.
    spans: fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), {
      minLength: 1,
      maxLength: 6,
    }),
    latenesses: fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 40, maxLength: 40 }),
  })
  .map(({ labels, labelLength, spans, latenesses }) => {
    let at = -1;
    const commands = spans.map(([gap, length]) => {
      const startSample = at + gap;
      at = startSample + length;
      return { startSample, endSample: at++ };
    });
    const numSamples = Math.max(at + 1, labels.length * labelLength);
    const overrunsMs = Float64Array.from(latenesses.slice(0, labels.length));
    return { labels, labelLength, overrunsMs, truth: { ...truth, commands, numSamples } };
  });

describe.skipIf(!hasSharedData)("the published scores, thresholded at 0.27", () => {
  let challenge: ChallengeTruth;
  let labels: Uint8Array;
  beforeAll(async () => {
    challenge = await readChallengeTruth(sharedPath("challenge", "ground-truth.json"));
    const file = readFileSync(sharedPath("reference", "galactic-published-scores.json"), "utf8");
    const { broadcastScore }: { broadcastScore: number[] } = JSON.parse(file);
    labels = Uint8Array.from(broadcastScore, (score) => (score < 0.27 ? 0 : 1));
  });

  // Counted in Python; score, accuracy, precision and recall also stand in shared/README.md.
  it.each([
    [
      "the whole clip",
      1883,
      [
        0.5996031515533723, 0.9666537357275624, 0.9773880700778643, 0.9875610942022384, 0.7395909926470589,
        0.6072675131596325,
      ],
    ],
    [
      "its first 512,000 samples",
      1000,
      [
        0.45794140625, 0.96103515625, 0.9687169661733616, 0.9898775944202296, 0.8264612268518519,
        0.6012841429398452,
      ],
    ],
  ])("give the published figures for %s", (_, frames, expected) => {
    expect(challengeWeights(challenge)).toEqual({ command: 18, communication: 1 });
    const run = { labels: labels.subarray(0, frames), labelLength: 512, overrunsMs: null };
    const { score, confusion } = scoreChallenge(run, challenge);
    const command = swapClasses(confusion);
    expect([
      score,
      accuracyOf(confusion),
      precisionOf(confusion),
      recallOf(confusion),
      precisionOf(command),
      recallOf(command),
    ]).toEqual(expected);
  });
});
