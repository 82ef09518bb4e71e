import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { INSERTION_COST, SUBSTITUTION_COST } from "../../../src/text/phonetics/costs.ts";
import { containedDistance, phonemeDistance } from "../../../src/text/phonetics/distance.ts";
import { parsePhonemes, PHONEMES, type Phonemes } from "../../../src/text/phonetics/phonemes.ts";

const sound = (maxLength: number): fc.Arbitrary<Phonemes> =>
  fc.uint8Array({ min: 0, max: PHONEMES.length - 1, maxLength });

/** The definition: the cheapest of the three ways to deal with the last phonemes. */
function byDefinition(a: Phonemes, b: Phonemes): number {
  if (a.length === 0) return b.reduce((sum, phoneme) => sum + INSERTION_COST[phoneme]!, 0);
  if (b.length === 0) return byDefinition(b, a);
  const [x, y] = [a.at(-1)!, b.at(-1)!];
  return Math.min(
    byDefinition(a.subarray(0, -1), b.subarray(0, -1)) + SUBSTITUTION_COST[x * PHONEMES.length + y]!,
    byDefinition(a.subarray(0, -1), b) + INSERTION_COST[x]!,
    byDefinition(a, b.subarray(0, -1)) + INSERTION_COST[y]!,
  );
}

describe("phonemeDistance", () => {
  it("equals its recursive definition", () => {
    fc.assert(
      fc.property(sound(5), sound(5), (a, b) => {
        expect(phonemeDistance(a, b)).toBeCloseTo(byDefinition(a, b), 5);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("is 0 only between equals, symmetric, and never longer by a detour over one phoneme", () => {
    fc.assert(
      fc.property(sound(8), sound(8), (a, b) => {
        expect(phonemeDistance(a, a)).toBe(0);
        expect(phonemeDistance(a, b)).toBeCloseTo(phonemeDistance(b, a), 5);
        expect(phonemeDistance(a, b) > 0.04).toBe(a.join() !== b.join());
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it("ranks changes as phonetics does", () => {
    const between = (a: string, b: string): number => phonemeDistance(parsePhonemes(a), parsePhonemes(b));
    // Voicing alone < place alone across the mouth < manner and place < vowel for consonant.
    expect(between("B", "P")).toBeLessThan(between("B", "G"));
    expect(between("B", "G")).toBeLessThan(between("P", "R"));
    expect(between("P", "R")).toBeLessThan(between("P", "AA"));
    expect(between("IH", "IY")).toBeLessThan(between("IH", "AA"));
    // What quick speech drops costs least.
    expect(between("HH EY", "EY")).toBeLessThan(between("S EY", "EY"));
    expect(between("S EY", "EY")).toBeLessThan(between("S EY", "S"));
    // Stress plays no part.
    expect(between("R EH1 K ER0 D", "R EH0 K ER2 D")).toBe(0);
  });
});

describe("containedDistance", () => {
  it("is the least distance to any stretch", () => {
    fc.assert(
      fc.property(sound(4), sound(6), (part, whole) => {
        let least = Infinity;
        for (let from = 0; from <= whole.length; from++)
          for (let to = from; to <= whole.length; to++)
            least = Math.min(least, phonemeDistance(part, whole.subarray(from, to)));
        expect(containedDistance(part, whole)).toBeCloseTo(least, 5);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
