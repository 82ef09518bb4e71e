import { createRandom } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

import { chooseSearched, HardNegatives, isSearched } from "../../src/batches/hard-negatives.ts";
import { windowTable } from "../support/window-table.ts";

/** Draws from one shard of clips with the given scores. */
function draw(clips: readonly (readonly number[])[], { keep = 1000, seed = 1 } = {}): number[] {
  const drawing = new HardNegatives({ keep, random: createRandom(seed) });
  const clip = Int32Array.from(clips.flatMap((scores, i) => scores.map(() => i)));
  const scores = clips.flat();
  drawing.offer({ clipOf: (window) => clip[window]! }, { shard: 0, windows: [...scores.keys()], scores });
  return drawing.drawn().map(({ window }) => window);
}

describe("HardNegatives", () => {
  it("takes at most two windows of a clip, and none that are learned", () => {
    expect(draw([[0.9, 0.9, 0.9, 0.9], [0.5], [1e-4, 1e-5]]).toSorted((a, b) => a - b)).toHaveLength(3);
    expect(draw([[1e-4], [0.2]])).toEqual([1]);
  });

  it("draws in proportion to the score, not only the hardest", () => {
    const clips = [...Array.from({ length: 50 }, () => [0.9]), ...Array.from({ length: 50 }, () => [0.3])];
    const counts = [0, 0];
    for (let seed = 0; seed < 200; seed++)
      for (const window of draw(clips, { keep: 1, seed })) counts[window < 50 ? 0 : 1]!++;
    expect(counts[0]! / 200).toBeGreaterThan(0.65);
    expect(counts[0]! / 200).toBeLessThan(0.85);
  });

  it("searches all shards, or as many drawn anew as have the windows allowed", () => {
    const tables = Array.from({ length: 40 }, (_, i) => ({
      split: "train" as const,
      kind: i % 4 === 0 ? "near-miss" : "corpus",
      windows: windowTable({ clipWindows: Int32Array.of(10), clipRow: Int32Array.of(15) }),
    }));
    const chosen = (maxWindows: number, seed = 1) =>
      chooseSearched(tables, { maxWindows, random: createRandom(seed) });
    expect(chosen(300)).toEqual([...tables.keys()].filter((i) => i % 4 > 0));
    expect(chosen(100)).toHaveLength(10);
    expect(chosen(100, 2)).not.toEqual(chosen(100));
  });

  it("leaves out what was made to sound like the phrase, and the validation split", () => {
    const searched = (kind: string, split: "train" | "validation" = "train") => isSearched({ kind, split });
    for (const kind of ["corpus", "recording", "sentence", "random-words", "foreign", "noise", "scene"])
      expect(searched(kind)).toBe(true);
    for (const kind of ["near-miss", "partial", "swapped", "positive", "user"])
      expect(searched(kind)).toBe(false);
    expect(searched("corpus", "validation")).toBe(false);
  });
});
