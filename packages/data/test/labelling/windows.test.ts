import { describe, expect, it } from "vitest";
import { windowFacts } from "../../src/labelling/heard.ts";
import { createLabelPolicy, IGNORED, outcomeOf } from "../../src/labelling/label-policy.ts";
import {
  drawWindowEnds,
  embeddingsFor,
  gridEnds,
  longestPhrase,
  windowLengthOf,
} from "../../src/labelling/windows.ts";
import { createRandom } from "../../src/random.ts";

describe("windowFacts", () => {
  const one = { label: "on", start: 100, end: 200, wholeLength: 100 };
  const cut = { label: "off", start: 300, end: 350, wholeLength: 200 };
  const at = (end: number, windowLength = 0) =>
    windowFacts([one, cut], { end, windowLength, longestPhrase: Infinity, labels: ["off", "on"] });
  const none = { label: -1, heard: 0, sinceEnd: -1 };

  it.each([
    ["before its first sample", at(100), none],
    ["its first sample", at(101), { label: 1, heard: 0.01, sinceEnd: 0 }],
    ["its last sample", at(200), { label: 1, heard: 1, sinceEnd: 0 }],
    ["a sample later", at(201), none],
    ["while the window holds its last sample", at(221, 21), { label: 1, heard: 1, sinceEnd: 21 }],
    ["no longer", at(222, 21), none],
    ["a phrase that the audio cuts off", at(350), { label: 0, heard: 0.25, sinceEnd: 0 }],
  ])("%s", (_, facts, expected) => {
    expect(facts).toEqual(expected);
  });
});

it("a phrase longer than the window is never heard whole", () => {
  // 2.2 s, and a window of 2 s that has room for 1.8 s: nothing in it tells the phrase from its second part.
  const phrases = [{ label: "on", start: 16_000, end: 51_200, wholeLength: 35_200 }];
  const windowing = { kind: "embedding-sequence", embeddings: 16, hopLength: 1280 } as const;
  const windowLength = windowLengthOf(windowing);
  const policy = createLabelPolicy({ policy: "whole-phrase", heardFraction: 1, afterSeconds: 0.2 });
  const outcomes = (embeddings: number) =>
    Array.from({ length: 60 }, (_, i) => {
      const longest = longestPhrase({ ...windowing, embeddings }, 0.2);
      const facts = { end: windowLength + 1280 * i, windowLength, longestPhrase: longest, labels: ["on"] };
      return outcomeOf(windowFacts(phrases, facts), policy);
    });
  expect(outcomes(16)).toContain(IGNORED);
  expect(outcomes(16)).not.toContain(0);
  // A window of 21 embeddings holds it with the 0.2 s after it.
  expect(embeddingsFor(35_200, 0.2)).toBe(21);
  expect(outcomes(21)).toContain(0);
  expect(outcomes(20)).not.toContain(0);
});

describe("windows", () => {
  it("on a grid end inside the audio", () => {
    const grid = { windowLength: 13_000, offset: 1000, step: 512 };
    const ends = gridEnds(40_000, grid);
    expect(ends.slice(0, 2)).toEqual([13_488, 14_000]);
    expect(ends.at(-1)).toBeLessThanOrEqual(40_000);
    expect(ends.at(-1)).toBeGreaterThan(40_000 - 512);
    expect(gridEnds(12_999, grid)).toEqual([]);
  });

  it("that are drawn end anywhere from the share asked to the tail", () => {
    const ends = drawWindowEnds(40_000, {
      phraseStart: 20_000,
      phraseEnd: 30_000,
      windowLength: 13_000,
      count: 500,
      fromHeard: 0.3,
      after: 3000,
      random: createRandom(1),
    });
    expect(ends).toHaveLength(500);
    expect(ends[0]).toBeGreaterThanOrEqual(23_000);
    expect(ends[0]).toBeLessThan(23_200);
    expect(ends.at(-1)).toBeGreaterThan(32_800);
    expect(ends.at(-1)).toBeLessThanOrEqual(33_000);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  });
});
