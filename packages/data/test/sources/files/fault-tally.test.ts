import { describe, expect, it } from "vitest";

import { type ClipFault, FaultTally } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";

const fault = (place: string): ClipFault => ({ place, error: new CallsignError("AUDIO_INVALID", "broken") });

describe("FaultTally", () => {
  it("puts up with the stated share and no more", () => {
    const tally = new FaultTally("corpus", { mostShare: 0.25 });
    for (let i = 0; i < 3; i++) tally.countGood();
    tally.countBroken(fault("a"));
    expect(() => tally.finish()).not.toThrow();
    tally.countBroken({ place: "b.mp3", error: new CallsignError("AUDIO_EMPTY", "b.mp3: no samples") });
    expect(() => tally.finish()).toThrow(
      "corpus: 2 of 5 clips are broken (40 %); at most 25 % are allowed; repair or remove them, or, in the config of a build, allow more with mostFaultShare:\n  a: broken\n  b.mp3: no samples",
    );
  });

  it("puts up with a few of a small source, but not with most of it", () => {
    const tally = new FaultTally("corpus", { mostShare: 0.02, few: 3 });
    for (let i = 0; i < 20; i++) tally.countGood();
    for (let i = 0; i < 3; i++) tally.countBroken(fault(`${i}`));
    expect(() => tally.finish()).not.toThrow();
    tally.countBroken(fault("3"));
    expect(() => tally.finish()).toThrow("4 of 24 clips are broken");
    const most = new FaultTally("corpus", { mostShare: 0.02, few: 3 });
    for (let i = 0; i < 2; i++) most.countBroken(fault(`${i}`));
    most.countGood();
    expect(() => most.finish()).toThrow("2 of 3 clips are broken");
  });

  it("tells of each, names the first five, and gives up early on what is hopeless", () => {
    const told: string[] = [];
    const tally = new FaultTally("corpus", { mostShare: 0.1, onFault: ({ place }) => told.push(place) });
    const feed = (): void => {
      for (let i = 0; i < 1000; i++) tally.countBroken(fault(`clip ${i}`));
    };
    expect(feed).toThrow(/100 of 100 clips .*\n {2}clip 4: broken\n {2}and 95 more$/s);
    expect(told).toHaveLength(100);
  });

  it("holds out to the end when all may be broken", () => {
    const tally = new FaultTally("corpus", { mostShare: 1 });
    for (let i = 0; i < 500; i++) tally.countBroken(fault("x"));
    expect(() => tally.finish()).not.toThrow();
    expect(() => new FaultTally("none", { mostShare: 0 }).finish()).not.toThrow();
  });

  it("counts errors about one clip, and lets all others pass", async () => {
    const tally = new FaultTally("corpus", { mostShare: 1 });
    const fail = (error: Error) =>
      tally.attempt("here", async () => {
        throw error;
      });
    expect(await fail(new CallsignError("AUDIO_TRUNCATED", "cut"))).toBeUndefined();
    expect(await fail(new CallsignError("FILE_NOT_FOUND", "gone"))).toBeUndefined();
    expect(await tally.attempt("here", () => Promise.resolve(7))).toBe(7);
    await expect(fail(new CallsignError("FILE_WRITE_FAILED", "disk full"))).rejects.toThrow("disk full");
    await expect(fail(new CallsignError("ABORTED", "stopped"))).rejects.toThrow("stopped");
    await expect(fail(new TypeError("a slip"))).rejects.toThrow("a slip");
  });
});
