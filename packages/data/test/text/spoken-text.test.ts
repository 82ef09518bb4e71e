import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  analyzePhrase,
  createPhraseTest,
  loadPronunciations,
  parseDataConfig,
  planTexts,
  spokenText,
  unspeakableParts,
} from "@callsign/data/internal";

/** What people say, written down by hand. */
const SAID: readonly (readonly [string, string])[] = [
  ["Hey, Nimbus!", "hey nimbus"],
  ["“Hey” ‘Nimbus’…", "hey nimbus"],
  ["don’t stop", "don't stop"],
  ["10%", "ten percent"],
  ["2001", "two thousand one"],
  ["2026", "twenty twenty six"],
  ["1984", "nineteen eighty four"],
  ["007", "zero zero seven"],
  ["Dr. Who", "doctor who"],
  ["Mr Smith & Mrs. Jones", "mister smith and missus jones"],
  ["St. James", "saint james"],
  ["Main St.", "main street"],
  ["No. 5", "number five"],
  ["no. I said no", "no i said no"],
  ["$5", "five dollars"],
  ["$1", "one dollar"],
  ["$2.50", "two dollars fifty cents"],
  ["$5 million", "five million dollars"],
  ["5 €", "five euros"],
  ["¥500", "five hundred yen"],
  ["you & me", "you and me"],
  ["Café Zoë", "cafe zoe"],
  ["Straße Ærø", "strasse aero"],
  ["e-mail", "e mail"],
  ["COVID-19", "covid nineteen"],
  ["3rd", "third"],
  ["THE 21ST FLOOR", "the twenty first floor"],
  ["the 21st floor", "the twenty first floor"],
  ["1/2", "one half"],
  ["2½ cups", "two and one half cups"],
  ["3/4", "three quarters"],
  ["24/7", "twenty four seven"],
  ["AC/DC", "ay c d c"],
  ["U.S.A.", "u s ay"],
  ["USB stick", "u s b stick"],
  ["NASA", "nasa"],
  ["HEY NIMBUS", "hey nimbus"],
  ["turn it OFF", "turn it off"],
  ["TV on", "t v on"],
  ["tv on", "t v on"],
  ["OK computer", "okay computer"],
  ["MP3 player", "m p three player"],
  ["R2D2", "r two d two"],
  ["3D", "three d"],
  ["90s radio", "nineties radio"],
  ["Rocky II", "rocky two"],
  ["plan A", "plan ay"],
  ["A plan", "a plan"],
  ["5:30", "five thirty"],
  ["7:05 pm", "seven oh five p m"],
  ["8am", "eight ay m"],
  ["6:00", "six o'clock"],
  ["20°C", "twenty degrees celsius"],
  ["-5 degrees", "minus five degrees"],
  ["3.5", "three point five"],
  ["1,234", "one thousand two hundred thirty four"],
  ["#1", "number one"],
  ["C++", "c plus plus"],
  ["C#", "c sharp"],
  ["me@home", "me at home"],
  ["5 km/h", "five kilometers per hour"],
  ["1 kg", "one kilogram"],
  ["1️⃣", "one"],
  ["Ｈｅｙ　７", "hey seven"],
  ["Foo™", "foo"],
  ["shh", "shh"],
];

describe("spokenText", () => {
  it.each(SAID)("%s is said %j", (text, said) => {
    expect(spokenText(text)).toBe(said);
    expect(spokenText(said)).toBe(said);
    expect(unspeakableParts(text)).toEqual([]);
  });

  it("stays the same when it is said again, and has nothing but words in it, whatever the text", () => {
    const texts = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc
        .array(fc.constantFrom(..."aAbIStTV.019,/:$%&-'# ½é".split("")), { maxLength: 12 })
        .map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const said = spokenText(text);
        expect(said).toMatch(/^(?:[a-z]+(?:'[a-z]+)*(?: [a-z]+(?:'[a-z]+)*)*)?$/);
        expect(spokenText(said)).toBe(said);
      }),
      { numRuns: 2000, seed: 13 },
    );
  });

  it.each([
    ["hey 🚀 nimbus", ["🚀"]],
    ["Привет nimbus 停止", ["Привет", "停止"]],
    ["a * b", ["*"]],
    ["👩‍🚀👍🏽", ["👩‍🚀👍🏽"]],
    ["?!", ["?!"]],
    ["", [""]],
  ])("%j has parts that cannot be spoken", (text, parts) => {
    expect(unspeakableParts(text)).toEqual(parts);
  });
});

describe("one reading of a phrase", () => {
  const phrases = ["10%", "2001 odyssey", "Dr. Who", "AC/DC", "Café 3rd"];

  it("reaches voices, warnings, near-misses and the search for phrases alike", async () => {
    const config = parseDataConfig(
      {
        labels: phrases.map((phrase, i) => ({ label: `label ${i}`, phrases: [phrase] })),
        data: {
          negatives: {
            sentences: { clips: 0 },
            nearMisses: { clips: 5, textsPerPhrase: 8 },
            partial: { clips: 20 },
          },
        },
      },
      { name: "test" },
    );
    const said = SAID.filter(([text]) => phrases.includes(text)).map(([, words]) => words);
    const sets = await planTexts({ config });
    const spoken = sets.filter(({ kind }) => kind === "positive").flatMap(({ texts }) => texts.train);
    expect(spoken).toEqual([
      "ten percent",
      "two thousand one odyssey",
      "doctor who",
      "ay c d c",
      "cafe third",
    ]);
    expect(spoken).toEqual(expect.arrayContaining(said));
    const pronunciations = await loadPronunciations();
    for (const [i, phrase] of phrases.entries()) {
      const { words, pronunciation } = analyzePhrase(phrase, pronunciations);
      expect(words.join(" ")).toBe(spoken[i]);
      expect(pronunciation).toBe(analyzePhrase(spoken[i]!, pronunciations).pronunciation);
      expect(createPhraseTest([phrase])(`they said ${spoken[i]} to me`)).toBe(true);
      expect(createPhraseTest([spoken[i]!])(`they said ${phrase} to me`)).toBe(true);
    }
    const parts = sets.find(({ kind }) => kind === "partial")!.texts.train;
    const misses = sets.find(({ kind }) => kind === "near-miss")!.texts.train;
    expect(misses.some((text) => /\bthousand\b|\bodyssey$/.test(text))).toBe(true);
    expect(parts).toEqual(expect.arrayContaining(["two thousand", "doctor", "c d c"]));
  });

  it("is the same for phrases that are written differently, which are refused as one given twice", () => {
    const labels = [
      { label: "a", phrases: ["10%"] },
      { label: "b", phrases: ["ten percent"] },
    ];
    expect(() => parseDataConfig({ labels }, { name: "test" })).toThrow(
      /"ten percent" is a phrase of "a" already/,
    );
  });
});
