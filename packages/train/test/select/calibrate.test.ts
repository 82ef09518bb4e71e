import { createRandom } from "@callsign/data/internal";
import { calibrate } from "@callsign/train/internal";
import { describe, expect, it } from "vitest";

/** Of two normal distributions at -m and m with deviation 1, the logit of the posterior is 2 m x + logit(share). */
function normals(mean: number, count: number) {
  const random = createRandom(5);
  const draw = (centre: number): Float64Array =>
    Float64Array.from({ length: count }, () => centre + random.normal());
  return { positives: draw(mean), negatives: draw(-mean) };
}

describe("calibrate", () => {
  it.each([0.5, 1 / 19])(
    "finds the posterior of two normal distributions at a phrase share of %d",
    (phraseShare) => {
      const { scale, shift } = calibrate({ ...normals(1, 40_000), phraseShare });
      expect(scale).toBeCloseTo(2, 1);
      expect(shift).toBeCloseTo(Math.log(phraseShare / (1 - phraseShare)), 1);
    },
  );

  it("does not depend on how many windows of each class there are", () => {
    const { positives, negatives } = normals(1, 20_000);
    const few = calibrate({ positives: positives.slice(0, 5000), negatives, phraseShare: 0.1 });
    const many = calibrate({ positives, negatives, phraseShare: 0.1 });
    expect(few.shift).toBeCloseTo(many.shift, 1);
  });

  it("stays finite where the classes do not overlap", () => {
    const { scale, shift } = calibrate({
      positives: Float64Array.of(5, 6, 7),
      negatives: Float64Array.of(-5, -6),
      phraseShare: 0.5,
    });
    expect(scale).toBeGreaterThan(0);
    expect(scale).toBeLessThan(100);
    expect(Number.isFinite(shift)).toBe(true);
  });

  it("leaves the logits as they are rather than turn their order round", () => {
    expect(
      calibrate({
        positives: Float64Array.of(-2, -3, -1),
        negatives: Float64Array.of(2, 3, 1),
        phraseShare: 0.5,
      }),
    ).toEqual({
      scale: 1,
      shift: 0,
    });
  });
});
