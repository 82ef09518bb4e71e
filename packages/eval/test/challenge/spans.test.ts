import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandOutcomes, joinSpans, mutedSpans } from "../../src/challenge/spans.ts";

describe("mutedSpans", () => {
  it("joins neighbouring muted frames, at both ends too", () => {
    expect(mutedSpans([0, 0, 1, 0, 1, 1, 0], 10)).toEqual([
      { from: 0, to: 20 },
      { from: 30, to: 40 },
      { from: 60, to: 70 },
    ]);
    expect(mutedSpans([1, 1], 10)).toEqual([]);
    expect(mutedSpans([], 10)).toEqual([]);
  });

  it("can be painted back into the labels", () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 0, max: 1, maxLength: 100 }), (labels) => {
        const painted = new Uint8Array(labels.length).fill(1);
        for (const { from, to } of mutedSpans(labels, 7)) painted.fill(0, from / 7, to / 7);
        expect(painted).toEqual(labels);
      }),
      { seed: 6 },
    );
  });
});

describe("joinSpans", () => {
  it("closes gaps shorter than asked, and no others", () => {
    const spans = [
      { from: 0, to: 10 },
      { from: 14, to: 20 },
      { from: 25, to: 30 },
    ];
    expect(joinSpans(spans, 5)).toEqual([
      { from: 0, to: 20 },
      { from: 25, to: 30 },
    ]);
    expect(joinSpans(spans, 4)).toEqual(spans);
    expect(joinSpans([], 4)).toEqual([]);
  });
});

describe("commandOutcomes", () => {
  const commands = [
    { startSample: 100, endSample: 199 },
    { startSample: 300, endSample: 399 },
    { startSample: 500, endSample: 599 },
  ];

  it("tells how much of each command was muted and how soon", () => {
    const muted = [
      { from: 90, to: 110 },
      { from: 150, to: 160 },
      { from: 380, to: 420 },
    ];
    const outcomes = commandOutcomes(commands, { muted, samples: 600 });
    expect(outcomes.map(({ mutedShare, reaction }) => [mutedShare, reaction])).toEqual([
      [0.2, 0],
      [0.2, 80],
      [0, null],
    ]);
  });

  it("judges a command that is cut off by the part before, and leaves out those after", () => {
    const outcomes = commandOutcomes(commands, { muted: [{ from: 320, to: 400 }], samples: 340 });
    expect(outcomes.map(({ mutedShare, reaction }) => [mutedShare, reaction])).toEqual([
      [0, null],
      [0.5, 20],
    ]);
  });
});
