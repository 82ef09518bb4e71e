import { describe, expect, it } from "vitest";

import { drawNegativeTexts, type NegativeTextOptions } from "../../src/negatives/negative-texts.ts";
import { spokenWords } from "../../src/text/spoken-text.ts";
import { loadPronunciations } from "../../src/negatives/pronunciations.ts";
import { partialPhrases, swappedPhrases } from "../../src/negatives/rearranged-phrases.ts";
import { SENTENCE_TEMPLATES } from "../../src/negatives/sentence-templates.ts";
import { SENTENCE_WORDS } from "../../src/negatives/sentence-words.ts";
import { drawSentence } from "../../src/negatives/sentences.ts";
import { createSoundIndex } from "../../src/negatives/sound-index.ts";
import { createTargetPhrases } from "../../src/negatives/target-phrases.ts";
import { createRandom } from "../../src/random.ts";

const pronunciations = await loadPronunciations();
const index = createSoundIndex(pronunciations);
const options = (changes: Partial<NegativeTextOptions> = {}): NegativeTextOptions => ({
  counts: { nearMisses: 10, partial: 10, swapped: 10, sentences: 400, randomWords: 100 },
  pronunciations,
  index,
  random: createRandom(7),
  ...changes,
});

describe("drawNegativeTexts", () => {
  it("gives every kind, in order, none twice, and no target in any", () => {
    const phrases = ["hey kitchen", "garden lights"];
    const texts = drawNegativeTexts(phrases, options({ user: ["hey chicken"] }));
    const of = (kind: string) => texts.filter((text) => text.kind === kind);
    expect([...new Set(texts.map(({ kind }) => kind))]).toEqual([
      "near-miss",
      "partial",
      "swapped",
      "user",
      "sentence",
      "random-words",
    ]);
    expect(of("near-miss")).toHaveLength(20);
    expect(of("sentence")).toHaveLength(400);
    expect(of("random-words")).toHaveLength(100);
    expect(new Set(texts.map(({ text }) => text.toLowerCase())).size).toBe(texts.length);
    for (const { text } of texts) {
      const letters = ` ${spokenWords(text).join(" ")} `;
      for (const phrase of phrases) expect(letters).not.toContain(` ${phrase} `);
    }
    expect(of("partial").map(({ text, phrase }) => `${phrase}: ${text}`)).toEqual([
      "hey kitchen: hey",
      "hey kitchen: kitchen",
      "garden lights: garden",
      "garden lights: lights",
    ]);
    expect(
      of("swapped")
        .map(({ text }) => text)
        .toSorted(),
    ).toEqual(["garden kitchen", "hey lights", "kitchen hey", "lights garden"]);
  });

  it("has single words among the random texts: not only phrases are said alone", () => {
    const texts = drawNegativeTexts(["hey kitchen"], options({ counts: { randomWords: 200 } }));
    const single = texts.filter(({ text }) => !text.includes(" ")).length;
    expect(single).toBeGreaterThan(70);
    expect(single).toBeLessThan(130);
  });

  it("has numbers and few words for voices of other languages", () => {
    const texts = drawNegativeTexts(["hey kitchen"], options({ counts: { foreign: 200 } }));
    expect(new Set(texts.map(({ kind }) => kind))).toEqual(new Set(["foreign"]));
    expect(texts).toHaveLength(200);
    const numbers = texts.filter(({ text }) => /^\d{1,5}$/.test(text)).length;
    expect(numbers).toBeGreaterThan(50);
    expect(numbers).toBeLessThan(110);
    for (const { text } of texts) expect(text).toMatch(/^(\d+|[a-z']+( [a-z']+){0,2})$/);
  });

  it("keeps a target word and its homophones out of sentences that would have had it", () => {
    const phrase = "garden";
    const random = createRandom(7).fork("sentences");
    const plain = Array.from({ length: 1500 }, () => drawSentence(random));
    expect(plain.some((text) => text.includes(phrase))).toBe(true);
    const texts = drawNegativeTexts([phrase], options({ counts: { sentences: 1500 } }));
    expect(texts.filter(({ text }) => /garden/i.test(text))).toEqual([]);
  });

  it("draws by the seed alone", () => {
    const counts = { nearMisses: 3, sentences: 20, randomWords: 10 };
    const draw = (seed: number) =>
      drawNegativeTexts(["alexa"], options({ counts, random: createRandom(seed) }));
    const first = draw(1);
    expect(draw(1)).toEqual(first);
    expect(draw(2)).not.toEqual(first);
  });

  it("refuses a list of negatives that holds the phrase or its homophone", () => {
    expect(() => drawNegativeTexts(["write it"], options({ user: ["please right it"] }))).toThrow(
      /"please right it" is on the list of negatives, but sounds like or contains the phrase "write it"/,
    );
  });

  it("says so when a phrase is in nearly every sentence", () => {
    const everywhere = [
      "a",
      "the",
      "i",
      "we",
      "you",
      "is",
      "was",
      "were",
      "to",
      "and",
      "has",
      "said",
      "no",
      "yes",
      "it",
    ];
    expect(() => drawNegativeTexts(everywhere, options({ counts: { sentences: 5 } }))).toThrow(
      /longer or rarer phrases/,
    );
  });
});

describe("target phrases", () => {
  const heard = (phrase: string, text: string): boolean =>
    createTargetPhrases([phrase], pronunciations).isHeardIn(text);
  it("hears homophones, plurals and words run together, but not neighbours", () => {
    expect(heard("alexa", "alexa's friend")).toBe(true);
    expect(heard("lights out", "the lice out")).toBe(false);
    expect(heard("computer", "my computers")).toBe(true);
    expect(heard("ice cream", "I scream")).toBe(true);
    expect(heard("computer", "the commuter")).toBe(false);
    expect(heard("go", "no")).toBe(false);
  });
});

describe("rearranged phrases", () => {
  it("cuts single words by sound", () => {
    const parts = partialPhrases("computer", { pronunciations, index });
    expect(parts).toContain("compute");
    expect(parts).toContain("pewter");
    expect(parts).not.toContain("computer");
  });

  it("takes every run of several words but the whole", () => {
    expect(partialPhrases("turn it off", { pronunciations, index })).toEqual([
      "turn it",
      "it off",
      "turn",
      "it",
      "off",
    ]);
  });

  it("reorders, and mixes phrases", () => {
    expect(swappedPhrases(["one two three"])).toHaveLength(5);
    expect(swappedPhrases(["a b c d e"])).toHaveLength(10);
    expect(swappedPhrases(["alexa"])).toEqual([]);
    expect(swappedPhrases(["go go"])).toEqual([]);
  });
});

describe("sentences", () => {
  it("have a word list for every slot", () => {
    const slots = SENTENCE_TEMPLATES.flatMap((template) =>
      [...template.matchAll(/\{(?:a )?(\w+)\}/g)].map(([, slot]) => slot!),
    );
    expect([...new Set(slots)].filter((slot) => !(slot in SENTENCE_WORDS))).toEqual([]);
    expect(SENTENCE_TEMPLATES.join(" ").replaceAll(/\{(?:a )?\w+\}/g, "")).not.toMatch(/[{}]/);
  });

  it("are thousands of different ones of a natural length, with all the sounds of English", () => {
    const random = createRandom(1);
    const sentences = Array.from({ length: 4000 }, () => drawSentence(random));
    expect(new Set(sentences).size).toBeGreaterThan(3700);
    const lengths = sentences.map((sentence) => spokenWords(sentence).length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(4);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(40);
    const sounds = new Set(pronunciations.ofText(sentences.slice(0, 500).join(" "))[0]);
    expect(sounds.size).toBe(39);
    expect(sentences.join(" ")).not.toMatch(/[{}\d]/);
  });
});
