import { loadPronunciations, phraseConcerns } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

const concernsOf = async (...phrases: string[]): Promise<string[]> =>
  phraseConcerns(phrases, await loadPronunciations()).map((one) => `${one.kind}: ${one.phrases.join(", ")}`);

describe("phraseConcerns", () => {
  it("has nothing against names of three syllables that sound different", async () => {
    expect(await concernsOf("alexa", "hey jarvis", "galactic battery")).toEqual([]);
  });

  it("says how short a phrase is, and how it is taken to sound", async () => {
    const [concern] = phraseConcerns(["lights out"], await loadPronunciations());
    expect(concern).toMatchObject({ kind: "short", phrases: ["lights out"] });
    expect(concern!.message).toMatch(/2 syllables \(L AY T S AW T\)/);
  });

  it("warns of words of ordinary talk, not of long phrases made of them", async () => {
    expect(await concernsOf("computer")).toEqual(["common: computer"]);
    expect((await concernsOf("open the kitchen window")).filter((one) => one.startsWith("common"))).toEqual(
      [],
    );
  });

  it("warns of pairs that sound alike, and of one inside the other", async () => {
    expect(await concernsOf("hey nova", "hey rover")).toContain("near: hey nova, hey rover");
    expect(await concernsOf("computer", "hey computer")).toContain("near: computer, hey computer");
    expect((await concernsOf("alexa", "computer")).filter((one) => one.startsWith("near"))).toEqual([]);
  });

  it("says which words it had to guess", async () => {
    expect(await concernsOf("zyntharo")).toContain("guessed: zyntharo");
  });

  it("refuses what cannot be said", async () => {
    const pronunciations = await loadPronunciations();
    expect(() => phraseConcerns(["!!!"], pronunciations)).toThrow("!!!");
  });
});
