import { describe, expect, it } from "vitest";

import { createRandom } from "../../src/random.ts";
import { parseIpa } from "../../src/text/phonetics/ipa.ts";
import { stressOf } from "../../src/text/phonetics/guess-sounds.ts";
import { loadPronunciations, loadSpellingModel } from "../../src/text/phonetics/pronunciations.ts";
import { findWordSounds, possibleSounds } from "../../src/text/word-sounds.ts";
import { drawSounds } from "../../src/voices/draw-sounds.ts";
import { createEspeakEngine, phonemize } from "../../src/voices/engines/espeak/espeak.ts";
import { makeAttempt } from "../../src/voices/make-clip.ts";
import { createFliteEngine } from "../../src/voices/engines/flite.ts";

/** The stress on each syllable in turn. */
const STRESSES = ["Z EH1 F AY0 R AA0", "Z EH0 F AY1 R AA0", "Z EH0 F AY0 R AA1"];

/** Energy of the last third of the voiced stretch over that of the first third. */
function tilt(samples: Float32Array): number {
  const peak = Math.max(...samples.map(Math.abs));
  const from = samples.findIndex((sample) => Math.abs(sample) > peak / 20);
  const to = samples.findLastIndex((sample) => Math.abs(sample) > peak / 20);
  const third = Math.floor((to - from) / 3);
  const energy = (at: number): number =>
    samples.subarray(at, at + third).reduce((sum, sample) => sum + sample * sample, 0);
  return energy(to - third) / energy(from);
}

describe("pronunciations in voices", () => {
  it("espeak traces the phonemes and the stress it was given, in every accent of English", async () => {
    for (const accent of ["en-us", "en", "en-gb-x-rp", "en-us-nyc"])
      for (const sound of STRESSES) {
        const [, word] = await phonemize("hey zephyra", {
          accent,
          sounds: { zephyra: sound },
          backend: "package",
        });
        expect(stressOf(parseIpa(word!.join("")))).toBe(stressOf(sound));
        expect(word![0]).toBe("z");
      }
    // A word that espeak has in its own dictionary, and one with an apostrophe.
    const sounds = { tomato: "T AH0 M AA1 T OW0", "d'orsa": "D AO0 R S AA1" };
    const words = await phonemize("tomato d'orsa tomatoes", { sounds, backend: "package" });
    expect(words.map((word) => word.join(""))).toEqual([
      "təmˈɑːɾoʊ",
      "dɔːɹsˈɑː",
      expect.stringMatching(/^təmˈɑːɾoʊz$/),
    ]);
    expect((await phonemize("tomato", { backend: "package" })).flat().join("")).toBe("təmˈeɪɾoʊ");
  });

  it("the stressed syllable is heard: a last one has more energy in espeak and lasts longer in flite", async () => {
    const espeak = await createEspeakEngine({ backend: "package" });
    const flite = await createFliteEngine();
    const voices = {
      espeak: { engine: "espeak", voice: "espeak/en-us+m1", backend: "package", rate: 130, pitch: 50 },
      flite: { engine: "flite", voice: "flite/rms", durationStretch: 1.2, pitchHz: 100 },
    };
    const say = async (engine: typeof espeak, sound: string): Promise<Float32Array> => {
      const voice = voices[engine.id as "espeak"];
      return (await engine.synthesize("zephyra", voice, { sounds: { zephyra: sound } })).samples;
    };
    const [first, last] = [STRESSES[0]!, STRESSES[2]!];
    expect(tilt(await say(espeak, last))).toBeGreaterThan(1.2 * tilt(await say(espeak, first)));
    const durations = [(await say(flite, first)).length, (await say(flite, last)).length];
    expect(durations[1]!).toBeGreaterThan(1.05 * durations[0]!);
  });

  it("are drawn by weight", () => {
    const sounds = {
      zephyra: [
        { sound: STRESSES[0]!, weight: 0.7 },
        { sound: STRESSES[1]!, weight: 0.3 },
      ],
    };
    const draws = Array.from(
      { length: 2000 },
      (_, i) => drawSounds("hey zephyra", { sounds, random: createRandom(1).fork(i) }).zephyra,
    );
    expect(draws.filter((sound) => sound === STRESSES[0]).length / 2000).toBeCloseTo(0.7, 1);
    expect(drawSounds("hey nimbus", { sounds, random: createRandom(1) })).toEqual({});
  });

  it("are those of the dictionary and of full vowels; the dictionary's only one is left to the engine", async () => {
    const pronunciations = await loadPronunciations();
    const loadModel = () => Promise.reject(new Error("not needed"));
    const sounds = await findWordSounds(["my computer"], { pronunciations, loadModel });
    expect(Object.keys(sounds)).toEqual(["computer"]);
    expect(sounds.computer!.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
    const draws = Array.from(
      { length: 2000 },
      (_, i) => drawSounds("my computer", { sounds, random: createRandom(1).fork(i) }).computer,
    );
    expect(draws).not.toContain("K AH0 M P Y UW1 T ER0");
    expect(draws).toContain("K AA1 M P Y UW0 T AA0");
    expect(draws.filter((sound) => sound === undefined).length / 2000).toBeCloseTo(0.72, 1);
  });

  it("are respelled for engines that take none, but for sounds of the dictionary, which such an engine says by itself", async () => {
    const engine = {
      id: "reader",
      licence: "",
      deterministic: true,
      voices: () => [],
      drawVoice: () => voice,
      dispose: () => Promise.resolve(),
    };
    const voice = { engine: "reader", voice: "reader/1" };
    const pronunciations = await loadPronunciations();
    const given = { tomato: [{ sound: "T AH0 M AA1 T OW0", weight: 1 }] };
    const loadModel = () => Promise.reject(new Error("not needed"));
    const sounds = await findWordSounds(["tomato either"], { pronunciations, loadModel, given });
    expect(sounds.either!.length).toBeGreaterThan(1);
    const texts: string[] = [];
    const synthesize = (text: string) => {
      texts.push(text);
      return Promise.resolve({ samples: new Float32Array(1600), sampleRateHz: 16_000 });
    };
    const engines = [{ engine: { ...engine, synthesize }, weight: 1 }];
    const request = { seed: 1, index: 0, text: "either tomato", sounds, engines };
    const made = await makeAttempt(request, 0);
    // A sound that was given reaches it, though the dictionary has the word.
    expect(texts).toEqual(["either tuh-mah-toh"]);
    expect(made.sounds).toEqual({ tomato: "T AH0 M AA1 T OW0" });
  });

  it("that a recording may say are those of the dictionary, and those of the letters", async () => {
    const possible = await possibleSounds("tomato", {
      pronunciations: await loadPronunciations(),
      loadModel: loadSpellingModel,
    });
    const found = possible.map(({ sound }) => sound.replaceAll("2", "0"));
    expect(found).toContain("T AH0 M AA1 T OW0");
    expect(found).toContain("T AH0 M EY1 T OW0");
    expect(found.length).toBeGreaterThan(3);
    expect(possible.some(({ isListed }) => isListed)).toBe(false);
  });
});
