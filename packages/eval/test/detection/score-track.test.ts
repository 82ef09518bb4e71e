import { detectionSteps, firstHit } from "@callsign/eval/internal";
import { Decision } from "@callsign/infer/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** What the shipped decision stage makes of the scores. */
function decide(
  scores: Float32Array,
  { hopMs, ...policy }: { hopMs: number; threshold: number; patience: number; refractorySeconds: number },
): number[] {
  const { threshold, ...rest } = policy;
  const decision = new Decision(["word"], { ...rest, thresholds: { word: threshold } });
  return [...scores].flatMap((score, i) => (decision.step([score], (i + 1) * hopMs).length > 0 ? [i] : []));
}

// Few distinct scores, so that ties with the threshold and long streaks come often.
const score = fc.constantFrom(0, 0.1, 0.27, 0.5, 0.9, 1, Number.NaN);

describe("detectionSteps", () => {
  it("is the shipped decision stage, step by step", () => {
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 80 }),
        fc.constantFrom(0, 0.1, 0.27, 0.5, 1),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0, 0.08, 0.2, 1.1, 2),
        fc.constantFrom(32, 80),
        (list, threshold, patience, refractorySeconds, hopMs) => {
          const scores = Float32Array.from(list);
          const policy = { threshold, patience, refractorySeconds };
          expect(detectionSteps({ name: "a", scores, hopMs }, policy)).toEqual(
            decide(scores, { hopMs, ...policy }),
          );
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("firstHit", () => {
  const track = { name: "a", scores: new Float32Array(10), hopMs: 100 };

  it("takes the first detection within the span, both ends included", () => {
    expect(firstHit({ ...track, fromMs: 300, untilMs: 600 }, [1, 2, 5])).toBe(2);
    expect(firstHit({ ...track, fromMs: 400, untilMs: 600 }, [1, 2, 5])).toBe(5);
    expect(firstHit({ ...track, fromMs: 400, untilMs: 500 }, [1, 2, 5])).toBeUndefined();
    expect(firstHit(track, [1, 2])).toBe(1);
  });
});
