import { createEspeakEngine, createFliteEngine, createRandom, drawUtterance } from "@callsign/data/internal";
import { describe, expect, it } from "vitest";

import { clipTurns, type SplitVoices } from "../../src/build/stages/clip-turns.ts";

const seed = 5;
const shares = { train: 0.7, validation: 0.2, test: 0.1 };
const none: SplitVoices = { train: [], validation: [] };
const phrases = ["hey nimbus", "lights out", "good night"];
const phrase = { kind: "positive", texts: { train: phrases, validation: phrases } } as const;
const list = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => of(i));

describe("clipTurns", () => {
  const turn = clipTurns(phrase, { seed, shares, positives: none });

  it("gives any number of clips their shares to the nearest clip, and each text its own", () => {
    for (const count of [1, 2, 9, 100, 4500]) {
      const validation = list(count, turn).filter(({ split }) => split === "validation");
      expect(Math.abs(validation.length - (count * 2) / 9)).toBeLessThanOrEqual(0.5);
      for (const text of phrases) {
        const own = validation.filter((one) => one.text === text).length;
        expect(Math.abs(own - validation.length / 3)).toBeLessThan(1);
      }
    }
  });

  it("speaks negatives in the voices of the split's positives, other languages in ones that only one split has", async () => {
    const engines = [
      { engine: await createEspeakEngine({ backend: "package" }), weight: 3 },
      { engine: await createFliteEngine(), weight: 1 },
    ];
    const drawn = list(600, (i) => ({
      split: turn(i).split,
      voice: drawUtterance("", { ...turn(i), engines, random: createRandom(i) }).voice,
    }));
    const voicesOf = (split: string) => drawn.filter((one) => one.split === split).map(({ voice }) => voice);
    const positives = { train: voicesOf("train"), validation: voicesOf("validation") };
    const texts = { train: list(40, (i) => `train ${i}`), validation: list(10, (i) => `validation ${i}`) };

    const negatives = list(900, clipTurns({ kind: "near-miss", texts }, { seed, shares, positives }));
    for (const { split, text, voiceInTurn } of negatives) {
      expect(text.startsWith(split)).toBe(true);
      expect(positives[split]).toContain(voiceInTurn);
    }

    const parts = { train: new Set<string>(), validation: new Set<string>() };
    for (const { split, voiceInTurn } of list(
      2000,
      clipTurns({ kind: "foreign", texts }, { seed, shares, positives }),
    ))
      for (const part of voiceInTurn!.voice.slice("espeak/".length).split("+")) parts[split].add(part);
    expect([...parts.train].filter((part) => parts.validation.has(part))).toEqual([]);
    expect(parts.validation.size).toBeGreaterThan(15);
  });

  it("puts a set with one text, or with voices of one split, into one split", () => {
    const voice = { engine: "espeak", voice: "espeak/en-us+m1" };
    const one = { train: ["bye nimbus"], validation: [] };
    const context = { seed, shares, positives: none };
    expect(
      new Set(list(20, clipTurns({ kind: "near-miss", texts: one }, context)).map(({ split }) => split)),
    ).toEqual(new Set(["train"]));
    const both = { train: ["1"], validation: ["2"] };
    const positives = { train: [], validation: [voice] };
    const turns = list(20, clipTurns({ kind: "foreign", texts: both }, { seed, shares, positives }));
    expect(new Set(turns.map(({ text, split }) => `${text} ${split}`))).toEqual(new Set(["2 validation"]));
    expect(() => clipTurns({ kind: "foreign", texts: both }, context)).toThrow(
      /no positive has a voice that can say the texts of kind foreign/,
    );
  });
});
