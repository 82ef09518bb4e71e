import {
  createLabelPolicy,
  createRandom,
  IGNORED,
  NEGATIVE,
  outcomeOf,
  packWindows,
} from "@callsign/data/internal";
import { WindowTable } from "@callsign/train/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const policy = createLabelPolicy({ policy: "early", heardFraction: 0.5, afterSeconds: 0.01 });

/** Windows of some clips, of which random ones are near a phrase of two labels. */
function randomWindows(sizes: readonly number[], seed: number) {
  const random = createRandom(seed);
  const clip = Int32Array.from(sizes.flatMap((size, i) => Array.from({ length: size }, () => i)));
  const near = clip.map(() => (random.next() < 0.5 ? random.integer(0, 1) : -1));
  let row = 0;
  return {
    clip,
    windowEnd: clip.map((of, i) => (row += i > 0 && of === clip[i - 1] ? 1 : 16)),
    label: near,
    heard: Float32Array.from(near, (label) => (label < 0 ? 0 : random.next())),
    sinceEnd: near.map((label) => (label < 0 ? -1 : random.integer(0, 3000))),
  };
}

describe("WindowTable", () => {
  it("says the same about every window as a list of all windows, in any arrangement", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.integer(), (clips, seed) => {
        const all = randomWindows(clips, seed);
        const table = new WindowTable(packWindows(all, { clips: clips.length }), policy);
        const outcome = Array.from(all.label, (label, i) =>
          outcomeOf({ label, heard: all.heard[i]!, sinceEnd: all.sinceEnd[i]! }, policy),
        );
        const windows = [...all.clip.keys()];
        expect(table.length).toBe(windows.length);
        expect(windows.map((i) => table.rowOf(i))).toEqual([...all.windowEnd]);
        expect(windows.map((i) => table.clipOf(i))).toEqual([...all.clip]);
        expect(table.columns()).toEqual({
          outcome: Int8Array.from(outcome),
          label: all.label,
          heard: all.heard,
          clip: all.clip,
        });
        expect(table.clipRanges().flatMap(([from, to]) => windows.slice(from, to))).toEqual(windows);
        for (const wanted of [NEGATIVE, IGNORED, 0, 1]) {
          const selection = table.select(wanted);
          const found = Array.from({ length: selection.length }, (_, place) => selection.at(place));
          expect(found).toEqual(windows.filter((i) => outcome[i] === wanted));
        }
      }),
    );
  });
});
