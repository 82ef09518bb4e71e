import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";
import type { Audio } from "@callsign/audio/internal";
import { describe, expect, it } from "vitest";
import { createGnuspeechEngine } from "../../../src/voices/engines/gnuspeech/gnuspeech.ts";
import type { ImportGnuspeech } from "../../../src/voices/engines/gnuspeech/package.ts";

const voice = {
  engine: "gnuspeech",
  voice: "gnuspeech/male/l1",
  tempo: 1,
  pitch: 0,
  fall: -8,
  breathiness: 0.5,
};

describe("createGnuspeechEngine", () => {
  it("has voices from a man to a small child: the shorter the tube, the higher the formants", async () => {
    const engine = await createGnuspeechEngine();
    const heights: number[] = [];
    for (const tract of ["male", "female", "small_child"]) {
      for (const length of [1.07, 0.93])
        heights.push(
          meanFrequency(await engine.synthesize("i", { ...voice, voice: `gnuspeech/${tract}/l${length}` })),
        );
    }
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
  });

  it("speaks faster, and with another melody, where it is asked to", async () => {
    const engine = await createGnuspeechEngine();
    const say = async (more: object) =>
      (await engine.synthesize("hey computer", { ...voice, ...more })).samples;
    expect((await say({ tempo: 0.75 })).length / (await say({ tempo: 1.5 })).length).toBeGreaterThan(1.7);
    const [falling, rising, breathy] = [await say({}), await say({ fall: 5 }), await say({ breathiness: 5 })];
    expect(rising).not.toEqual(falling);
    expect(breathy).not.toEqual(falling);
  });

  it("pronounces every word as with its whole dictionary, of which it reads a part", async () => {
    const engine = await createGnuspeechEngine();
    const whole = await createGnuspeechEngine({ loadPackage: withWholeDictionary });
    for (const text of ["the cities' happier houses", "don't stop a nimbus at 25"]) {
      expect((await engine.synthesize(text, voice)).samples).toEqual(
        (await whole.synthesize(text, voice)).samples,
      );
    }
  });

  it("says words by the phonemes it is given as by its own, in one go", async () => {
    const engine = await createGnuspeechEngine();
    // As the dictionary has them: "f_ar.dh_r" lacks the schwa, and "city" ends in "i".
    const sounds = {
      machine: "M AH0 SH IY1 N",
      computer: "K AH0 M P Y UW1 T ER0",
      bird: "B ER1 D",
      vision: "V IH1 ZH AH0 N",
      celebrate: "S EH1 L AH0 B R EY2 T",
    };
    for (const [word, sound] of Object.entries(sounds)) {
      const given = await engine.synthesize(`a ${word}`, voice, { sounds: { [word]: sound } });
      expect(given.samples, word).toEqual((await engine.synthesize(`a ${word}`, voice)).samples);
    }
    // A word that it has otherwise, and one that it lacks.
    const said = await engine.synthesize("hey tomato", voice, { sounds: { tomato: "T AH0 M AA1 T OW0" } });
    expect(said.samples).not.toEqual((await engine.synthesize("hey tomato", voice)).samples);
    const siorsha = { siorsha: "SH IY0 AO1 R SH AH0" };
    const whole = await engine.synthesize("siorsha", voice, { sounds: siorsha });
    const parted = await engine.synthesize("shee awr shuh", voice);
    expect(whole.samples.length).toBeLessThan(parted.samples.length);
  });

  it("refuses letters that it would read byte by byte", async () => {
    const engine = await createGnuspeechEngine();
    await expect(engine.synthesize("stop 停止", voice)).rejects.toMatchObject({
      code: "SYNTHESIS_FAILED",
      message: expect.stringContaining("it knows the letters a to z, not 停"),
    });
    const accent = await engine.synthesize("Café, stop!", voice);
    expect(accent.samples).toEqual((await engine.synthesize("cafe stop", voice)).samples);
  });

  it("says how to install it", async () => {
    const loadPackage = () => Promise.reject(new Error("ERR_MODULE_NOT_FOUND"));
    await expect(createGnuspeechEngine({ loadPackage })).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      message: expect.stringContaining("npm install @echogarden/gnuspeech-wasm@0.3.0"),
    });
  });
});

const withWholeDictionary: ImportGnuspeech = async () => {
  const main = createRequire(new URL("../../../src/index.ts", import.meta.url)).resolve(
    "@echogarden/gnuspeech-wasm",
  );
  const { default: create } = await import(new URL("../../wasm/gnuspeech.js", pathToFileURL(main)).href);
  return async () => {
    const module = await create();
    const { FS } = module;
    const dictionary = new TextDecoder().decode(FS.readFile("/data/en/MainDictionary.txt"));
    return {
      ...module,
      get HEAPU8() {
        return module.HEAPU8;
      },
      FS: {
        readFile: (path: string) => FS.readFile(path),
        writeFile: (path: string, content: string) =>
          FS.writeFile(path, path.endsWith("/words.txt") ? dictionary : content),
      },
    };
  };
};

/** Root mean square of the frequency in Hz, weighted by power: that of the derivative by that of the signal. */
function meanFrequency({ samples, sampleRateHz }: Audio): number {
  let [slope, power] = [0, 0];
  for (let i = 1; i < samples.length; i++) {
    slope += (samples[i]! - samples[i - 1]!) ** 2;
    power += samples[i]! ** 2;
  }
  return (Math.sqrt(slope / power) * sampleRateHz) / (2 * Math.PI);
}
