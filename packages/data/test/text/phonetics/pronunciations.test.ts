import { describe, expect, it } from "vitest";

import { formatPhonemes, parsePhonemes } from "../../../src/text/phonetics/phonemes.ts";
import { phonemeDistance } from "../../../src/text/phonetics/distance.ts";
import { analyzePhrase, phraseDistance } from "../../../src/text/phrase-analysis.ts";
import { createPronunciations, loadPronunciations } from "../../../src/text/phonetics/pronunciations.ts";
import { spellingToSound } from "../../../src/text/phonetics/letter-to-sound.ts";

const cmu = await loadPronunciations();

describe("pronunciations", () => {
  it("reads words, variants, comments and stress as the CMU dictionary writes them", () => {
    const small = createPronunciations({
      jarvis: "JH AA1 R V AH0 S",
      "jarvis(2)": "JH AA1 R V IH0 S",
      aalborg: "AO1 L B AO0 R G # place, danish",
      "a.m.": "EY2 EH1 M",
    });
    expect(small.ofWord("jarvis").map(formatPhonemes)).toEqual(["JH AA R V AH S", "JH AA R V IH S"]);
    expect(small.ofText("Aalborg jarvis").map(formatPhonemes)).toEqual([
      "AO L B AO R G JH AA R V AH S",
      "AO L B AO R G JH AA R V IH S",
    ]);
    expect([...small.words]).toEqual(["jarvis", "aalborg"]);
  });

  it("knows the words of the trials, and puts unknown ones together from known ones", () => {
    expect(cmu.ofText("alexa").map(formatPhonemes)).toEqual(["AH L EH K S AH"]);
    expect(cmu.has("snowboy")).toBe(false);
    expect(cmu.ofWord("snowboy").map(formatPhonemes)).toEqual(["S N OW B OY"]);
    expect(cmu.words.size).toBeGreaterThan(100_000);
  });

  it("never gives more than 16 readings, and refuses what it cannot read", () => {
    expect(cmu.ofText("the record of the record of the record of the").length).toBe(16);
    expect(() => cmu.ofText("Привет")).toThrow(/Latin letters or digits, got "Привет"/);
  });
});

describe("spellingToSound", () => {
  // Textbook letter-to-sound patterns, on invented or regular words; pronunciations as any dictionary has them.
  it.each([
    ["knight", "N AY T"],
    ["judge", "JH AH JH"],
    ["whisper", "W IH S P ER"],
    ["phone", "F OW N"],
    ["station", "S T EY SH AH N"],
    ["table", "T EY B AH L"],
    ["snowbix", "S N OW B IH K S"],
    ["lights", "L AY T S"],
  ])("%s", (word, phonemes) => {
    expect(formatPhonemes(spellingToSound(word))).toBe(phonemes);
  });

  it("comes near the dictionary: a tenth of a phoneme's worth of error for each phoneme", () => {
    let distance = 0;
    let phonemes = 0;
    for (const word of [...cmu.words].filter((_, i) => i % 40 === 0)) {
      const sounds = cmu.ofWord(word);
      distance += Math.min(...sounds.map((sound) => phonemeDistance(spellingToSound(word), sound)));
      phonemes += sounds[0]!.length;
    }
    expect(distance / phonemes).toBeLessThan(0.12);
  });

  it("takes any letters without a hitch", () => {
    for (const word of ["", "qqq", "zzzz", "x", "aeiou", "'s", "é"])
      expect(spellingToSound(word)).toBeInstanceOf(Uint8Array);
  });
});

describe("phrase analysis", () => {
  it("counts phonemes and syllables and names guessed words", () => {
    expect(analyzePhrase("Hey Snowbix", cmu)).toEqual({
      phrase: "Hey Snowbix",
      words: ["hey", "snowbix"],
      pronunciation: "HH EY S N OW B IH K S",
      phonemes: 9,
      syllables: 3,
      guessed: ["snowbix"],
    });
  });

  it("finds homophones, phrases inside others, and strangers", () => {
    expect(phraseDistance(["write", "right"], cmu).distance).toBe(0);
    expect(phraseDistance(["computer", "my computer"], cmu).contained).toBe(0);
    expect(phraseDistance(["computer", "my computer"], cmu).distance).toBeGreaterThan(1);
    const near = phraseDistance(["lights on", "light song"], cmu);
    const far = phraseDistance(["lights on", "galactic battery"], cmu);
    expect(near.perPhoneme).toBeLessThan(0.15);
    expect(far.perPhoneme).toBeGreaterThan(0.4);
  });

  it("does not depend on how the words are spelt", () => {
    expect(parsePhonemes("N AY1 T # a comment")).toEqual(parsePhonemes("N AY0 T"));
  });
});
