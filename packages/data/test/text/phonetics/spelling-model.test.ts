import { dictionary } from "cmu-pronouncing-dictionary";
import { describe, expect, it } from "vitest";

import { ALIKE_BELOW, chooseSounds, stressOf } from "../../../src/text/phonetics/guess-sounds.ts";
import { phonemeDistance } from "../../../src/text/phonetics/distance.ts";
import { parsePhonemes } from "../../../src/text/phonetics/phonemes.ts";
import { createPronunciations } from "../../../src/text/phonetics/pronunciations.ts";
import { createSpellingModel } from "../../../src/text/phonetics/spelling-model.ts";
import { guessedSounds } from "../../../src/text/word-sounds.ts";

/** Hidden from the model, with the pronunciations that the dictionary has. */
const HIDDEN = [
  "banana", "camera", "cathedral", "celery", "chocolate", "computer", "daffodil", "dinosaur", "elephant", "gallery",
  "guitar", "horizon", "hotel", "insect", "kangaroo", "lemon", "machine", "magnet", "mosquito", "orchestra",
  "parade", "potato", "ribbon", "salad", "secret", "thunder", "tiger", "umbrella", "vanilla", "volcano",
]; // prettier-ignore

const entries = Object.entries(dictionary).map(([key, line]) => [key.replace(/\(\d+\)$/, ""), line] as const);
const hidden = new Set(HIDDEN);
const model = createSpellingModel(
  entries.filter(([word]) => !hidden.has(word) && !hidden.has(word.replace(/s$/, ""))),
);
const cmu = createPronunciations(dictionary);
const sources = { pronunciations: createPronunciations({}), loadModel: () => Promise.resolve(model) };

const isSame = (a: string, b: string): boolean =>
  stressOf(a) === stressOf(b) && phonemeDistance(parsePhonemes(a), parsePhonemes(b)) < ALIKE_BELOW;

describe("pronunciations guessed from letters", () => {
  it("hold the true one, with its stress, of nine hidden words in ten", async () => {
    const missed = [];
    for (const word of HIDDEN) {
      const guessed = await guessedSounds(word, sources);
      if (!cmu.soundsOf(word).some((sound) => guessed.some((guess) => isSame(guess.sound, sound))))
        missed.push(word);
    }
    expect(missed.length, missed.join(", ")).toBeLessThanOrEqual(3);
  });

  it("are at most eight, each different, with the stress on each syllable and weights that sum to 1", async () => {
    for (const word of ["zephyrina", "orbiko", "xylqua", "o'mallory", "abcdefghijklmnopqrstuvwx"]) {
      const sounds = await guessedSounds(word, sources);
      expect(sounds.length).toBeGreaterThan(0);
      expect(sounds.length).toBeLessThanOrEqual(8);
      expect(sounds.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
      for (const { sound } of sounds) expect(sound.match(/1/g)).toHaveLength(1);
      for (const [i, { sound }] of sounds.entries())
        for (const other of sounds.slice(i + 1)) expect(isSame(sound, other.sound)).toBe(false);
      const patterns = sounds.map(({ sound }) => stressOf(sound));
      const syllables = patterns[0]!.length;
      for (let place = 0; place < Math.min(syllables, 5); place++)
        expect(patterns).toContain("0".repeat(place) + "1" + "0".repeat(syllables - place - 1));
    }
  });

  it("take the letters sh, th and ph for one sound, but not between the parts of a compound", async () => {
    // As a German voice reads them.
    const readAs = (word: string) => Promise.resolve(word === "siorsha" ? "zˈiːoːɾshɑː" : undefined);
    for (const word of ["siorsha", "grashol", "zithara", "ophrano"])
      for (const { sound } of await guessedSounds(word, { ...sources, readAs }))
        expect(sound).not.toMatch(/[SZTPK] HH/);
    const words = { glass: "G L AE1 S", hut: "HH AH1 T" };
    const compound = await guessedSounds("glasshut", {
      ...sources,
      pronunciations: createPronunciations(words),
    });
    expect(compound.map(({ sound }) => sound)).toContain("G L AE1 S HH AH2 T");
  });

  it("refuse a word longer than people say, naming it", async () => {
    await expect(guessedSounds("a".repeat(40), sources)).rejects.toThrow(
      /expected words of at most 24 letters, got "a{40}" \(40\); write it as several words/,
    );
  });

  it("join readings that agree", () => {
    const chosen = chooseSounds([
      { sound: "M IY1 R AH0", weight: 0.35 },
      { sound: "M AY1 R AH0", weight: 0.4 },
      { sound: "M IY1 R AA0", weight: 0.25 },
    ]);
    // A third has the stress on the last syllable.
    expect(chosen).toMatchObject([
      { sound: "M IY1 R AH0", weight: 0.56 },
      { sound: "M AY1 R AH0", weight: 0.38 },
      { sound: expect.stringMatching(/^M [AI]Y0 R AH1$/) },
    ]);
  });
});
