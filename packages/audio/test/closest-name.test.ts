import { describe, expect, it } from "vitest";
import { closestName } from "@callsign/audio/internal";

describe("closestName", () => {
  it.each([
    ["treshold", "threshold"], // left out
    ["tthreshold", "threshold"], // doubled
    ["thersholds", "thresholds"], // swapped
    ["hopLenght", "hopLength"],
    ["HOPLENGTH", "hopLength"],
    ["hop_length", "hopLength"],
  ])("takes %s for %s", (misspelt, meant) => {
    expect(closestName(misspelt, ["name", "threshold", "thresholds", "hopLength", "windowLength"])).toBe(
      meant,
    );
  });

  it("prefers the nearest of several", () => {
    expect(closestName("labls", ["tables", "labels", "label"])).toBe("labels");
  });

  it("returns undefined if nothing is near", () => {
    expect(closestName("colour", ["name", "threshold"])).toBeUndefined();
    expect(closestName("ab", ["cd"])).toBeUndefined();
    expect(closestName("x", [])).toBeUndefined();
  });

  it("does not work itself up over a hostile key", () => {
    const candidates = Array.from({ length: 200 }, (_, i) => `key${i}`);
    const before = process.cpuUsage();
    expect(closestName("a".repeat(1_000_000), candidates)).toBeUndefined();
    // Comparing letter by letter takes seconds.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(500);
  });
});
