import { describe, expect, it } from "vitest";

import { containedDistance, phonemeDistance } from "../../src/text/phonetics/distance.ts";
import { findNearMisses } from "../../src/text/near-misses.ts";
import {
  createPronunciations,
  loadPronunciations,
  withSounds,
} from "../../src/text/phonetics/pronunciations.ts";
import { createSoundIndex } from "../../src/text/phonetics/sound-index.ts";
import { createTargetPhrases } from "../../src/text/target-phrases.ts";
import { createRandom } from "../../src/random.ts";

const cmu = await loadPronunciations();
const index = createSoundIndex(cmu);

describe("sound index", () => {
  it("finds what comparing with every word finds, prefixes and all", () => {
    const words = Object.fromEntries(
      [...cmu.words].filter((_, i) => i % 60 === 0).map((word) => [word, cmu.ofWord(word)[0]!] as const),
    );
    const small = createSoundIndex({
      ...createPronunciations({}),
      words: new Set(Object.keys(words)),
      ofWord: (word) => [words[word]!],
    });
    for (const phrase of ["computer", "alexa", "go"]) {
      const target = cmu.ofText(phrase)[0]!;
      const limit = 1.5;
      const found = small.nearPrefixes(target, limit);
      const expected = Object.entries(words).flatMap(([word, sound]) => {
        const distances = Array.from({ length: target.length + 1 }, (_, k) =>
          phonemeDistance(sound, target.subarray(0, k)),
        );
        return Math.min(...distances) <= limit ? [{ word, distances }] : [];
      });
      expect(found.map(({ word }) => word).toSorted()).toEqual(expected.map(({ word }) => word).toSorted());
      for (const { word, distances } of expected)
        expect(found.find((match) => match.word === word)!.distances).toBeAllClose(distances, { atol: 1e-5 });
    }
  });
});

describe("findNearMisses", () => {
  const search = (phrase: string, seed = 1) => {
    const targets = createTargetPhrases([phrase], cmu);
    return findNearMisses(phrase, {
      count: 60,
      pronunciations: cmu,
      index,
      targets,
      random: createRandom(seed),
    });
  };

  it.each(["alexa", "computer", "hey nimbus", "lights out"])(
    "%s: in range, no homophone, not the phrase",
    (phrase) => {
      const misses = search(phrase);
      expect(misses).toHaveLength(60);
      expect(new Set(misses.map(({ text }) => text)).size).toBe(60);
      for (const { text, distance } of misses) {
        expect(distance).toBeGreaterThanOrEqual(0.7);
        expect(distance).toBeLessThanOrEqual(2.2);
        const heard = cmu
          .ofText(phrase)
          .flatMap((part) => cmu.ofText(text).map((whole) => containedDistance(part, whole)));
        expect({ text, homophone: Math.min(...heard) === 0 }).toEqual({ text, homophone: false });
        expect(text).not.toContain(phrase);
      }
    },
  );

  it("finds the ones a person would name", () => {
    expect(search("computer").map(({ text }) => text)).toContain("commuter");
  });

  it("draws by the seed, and varies the words", () => {
    expect(search("alexa", 5)).toEqual(search("alexa", 5));
    expect(search("alexa", 5)).not.toEqual(search("alexa", 6));
    const uses = new Map<string, number>();
    for (const { text } of search("alexa"))
      for (const word of text.split(" ")) uses.set(word, (uses.get(word) ?? 0) + 1);
    expect(Math.max(...uses.values())).toBeLessThanOrEqual(8);
  });

  it("stays away from every target, not just its own", () => {
    const targets = createTargetPhrases(["computer", "commuter"], cmu);
    const misses = findNearMisses("computer", {
      count: 200,
      pronunciations: cmu,
      index,
      targets,
      random: createRandom(1),
    });
    expect(misses.map(({ text }) => text)).not.toContain("commuter");
  });

  it("follows every pronunciation of the phrase: what is near one is found, what is like one is left out", () => {
    const sounds = { zephyra: [{ sound: "Z EH1 F ER0 AH0" }, { sound: "S AH0 F AA1 R IY0" }] };
    const pronunciations = withSounds(cmu, sounds);
    const targets = createTargetPhrases(["zephyra"], pronunciations);
    expect(targets.isHeardIn("a safari")).toBe(true);
    expect(createTargetPhrases(["zephyra"], cmu).isHeardIn("a safari")).toBe(false);
    const misses = findNearMisses("zephyra", {
      count: 60,
      pronunciations,
      index,
      targets,
      random: createRandom(1),
    });
    const second = pronunciations.ofWord("zephyra")[1]!;
    const near = misses.filter(({ text }) => phonemeDistance(cmu.ofText(text)[0]!, second) < 2);
    expect(near.length).toBeGreaterThan(5);
    expect(misses.map(({ text }) => text)).not.toContain("safari");
  });
});
