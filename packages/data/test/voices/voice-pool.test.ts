import { describe, expect, it } from "vitest";

import {
  createEspeakEngine,
  createFliteEngine,
  createRandom,
  drawUtterance,
  splitVoices,
  type VoiceSplit,
} from "@callsign/data/internal";

const shares = { train: 0.7, validation: 0.2, test: 0.1 };
const espeak = await createEspeakEngine({ backend: "package" });
const flite = await createFliteEngine();

describe("splitVoices", () => {
  it.each([1, 2, 3])("shares no accent and no variant of espeak among splits (seed %i)", (seed) => {
    const parts = new Map<VoiceSplit, { accents: Set<string>; variants: Set<string> }>();
    for (const [id, split] of splitVoices(espeak, { seed, shares })) {
      const [accent, variant] = id.slice("espeak/".length).split("+");
      const of = parts.get(split) ?? { accents: new Set(), variants: new Set() };
      parts.set(split, of);
      of.accents.add(accent!);
      of.variants.add(variant!);
    }
    const { train, validation, test } = Object.fromEntries(parts) as Record<
      VoiceSplit,
      { accents: Set<string>; variants: Set<string> }
    >;
    expect([train.accents.size, validation.accents.size, test.accents.size]).toEqual([6, 1, 1]);
    for (const [one, two] of [
      [train, validation],
      [train, test],
      [validation, test],
    ] as const) {
      expect([...one.accents].filter((accent) => two.accents.has(accent))).toEqual([]);
      expect([...one.variants].filter((variant) => two.variants.has(variant))).toEqual([]);
    }
    // The accent that most people speak is never held out.
    expect(train.accents).toContain("en-us");
    expect(validation.variants.size).toBeGreaterThan(10);
  });

  it("holds out one of flite's speakers, both rates of kal together", () => {
    for (let seed = 0; seed < 20; seed++) {
      const splits = splitVoices(flite, { seed, shares: { train: 0.8, validation: 0.2, test: 0 } });
      const validation = [...splits].filter(([, split]) => split === "validation");
      expect(validation).toHaveLength(1);
      expect(splits.get("flite/kal")).toBe(splits.get("flite/kal16"));
    }
  });
});

describe("drawUtterance from a pool", () => {
  const engines = [
    { engine: espeak, weight: 3 },
    { engine: flite, weight: 1 },
  ];

  it("draws the engines by weight in every split, and only voices of the split", () => {
    for (const split of ["train", "validation", "test"] as const) {
      const random = createRandom(split);
      const voices = Array.from(
        { length: 400 },
        () => drawUtterance("stop", { random, engines, voicePool: { split, seed: 1, shares } }).voice,
      );
      const splits = new Map(
        [espeak, flite].flatMap((engine) => [...splitVoices(engine, { seed: 1, shares })]),
      );
      expect(voices.every(({ voice }) => splits.get(voice) === split)).toBe(true);
      // Binomial, 400 draws at 3/4: 300, standard deviation 8.7.
      expect(Math.abs(voices.filter(({ engine }) => engine === "espeak").length - 300)).toBeLessThan(40);
    }
  });

  it("says which engines have no voice for the split", () => {
    const one = { ...flite, voices: () => flite.voices().slice(0, 2) };
    const voicePool = { split: "validation", seed: 1, shares } as const;
    expect(() =>
      drawUtterance("stop", { random: createRandom(1), engines: [{ engine: one, weight: 1 }], voicePool }),
    ).toThrow(
      "data.engines: expected a voice for the split validation, got flite with 2 voices; add an engine, or change data.splits.validation",
    );
  });
});
