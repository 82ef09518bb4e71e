import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../../test-support/shared-data.ts";
import { LANGUAGE_FILES } from "../../../src/voices/engines/pico/language-files.ts";
import { openPico } from "../../../src/voices/engines/pico/package.ts";
import { picoPhonemes } from "../../../src/voices/engines/pico/phonemes.ts";
import { createPicoEngine } from "../../../src/voices/engines/pico/pico.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-pico-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("pico's language files", () => {
  it("are downloaded from a pinned address; without a network the error says where to put them", async () => {
    const asked: string[] = [];
    const offline: typeof fetch = (input) => {
      asked.push(String(input instanceof Request ? input.url : input));
      return Promise.reject(new TypeError("fetch failed"));
    };
    const answer = createPicoEngine({ cacheDir: folder, env: {}, fetch: offline, attempts: 1 });
    await expect(answer).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringMatching(
        /By hand: download https:\/\/\S+\/[0-9a-f]{40}\/pico\/lang\/en-US_ta\.bin and save it as \S+en-US_ta\.bin, or put it into a folder as en-US_ta\.bin and set CALLSIGN_ASSETS to that folder/,
      ),
    });
    expect(asked).toHaveLength(1);
    await expect(createPicoEngine({ model: folder })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe.skipIf(!hasSharedData)("createPicoEngine", () => {
  const voice = { engine: "pico", voice: "pico/en-US/p95", pitch: 95, speed: 100 };
  const open = () => createPicoEngine({ env: { CALLSIGN_ASSETS: sharedPath("voices", "pico") } });

  it("speaks faster, higher and with the other accent where it is asked to", async () => {
    const engine = await open();
    const say = async (more: object) =>
      (await engine.synthesize("hey computer", { ...voice, ...more })).samples;
    const plain = await say({});
    expect((await say({ speed: 60 })).length / (await say({ speed: 120 })).length).toBeGreaterThan(1.7);
    const high = await say({ voice: "pico/en-US/p130", pitch: 130 });
    const rise = periodSeconds(plain) / periodSeconds(high);
    expect(rise).toBeGreaterThan(1.2);
    expect(rise).toBeLessThan(1.6);
    expect((await say({ voice: "pico/en-GB/p95" })).length).not.toBe(plain.length);
  });

  it("ends on a sound no louder than the others", async () => {
    const engine = await open();
    const low = { voice: "pico/en-US/p80", pitch: 77, speed: 153 };
    const { samples } = await engine.synthesize("alexa", { ...voice, ...low });
    const peakOf = (part: Float32Array) => part.reduce((peak, one) => Math.max(peak, Math.abs(one)), 0);
    // Where a markup's closing tag ends it, the last vowel reaches full scale at any volume.
    expect(peakOf(samples)).toBeLessThan(0.9);
  });

  it("does not read a text's angle brackets as markup", async () => {
    const engine = await open();
    const [plain, marked] = await Promise.all(
      ["stop speed", "stop <speed"].map(async (text) => (await engine.synthesize(text, voice)).samples),
    );
    expect(marked).toEqual(plain);
  });

  it("writes phonemes as Pico does: words that it knows sound the same, byte for byte", async () => {
    const files = LANGUAGE_FILES["en-US"].map(({ fileNames }) => sharedPath("voices", "pico", fileNames[0]));
    const pico = await openPico(files);
    const { dictionary } = await import("cmu-pronouncing-dictionary");
    const words =
      "computer kitchen bright measure judge thing voice house four stairs cure yellow georgia window";
    const differing: string[] = [];
    for (const word of words.split(" ")) {
      const own = await pico.speak(word, { text: word });
      const said = await pico.speak(`<phoneme ph='${picoPhonemes(dictionary[word]!, "en-US")}'/>`, {
        text: word,
      });
      if (!Buffer.from(own.samples.buffer).equals(Buffer.from(said.samples.buffer))) differing.push(word);
    }
    // It says "house" with a stress of its own.
    expect(differing).toEqual(["house"]);
    expect(picoPhonemes("S T AA1 R Z", "en-GB")).toBe('"stA:z');
    expect(picoPhonemes("AH0 L EH1 K S AH0", "en-GB")).toBe('@."lEk.s@');
  });

  it("pronounces rare words as in the dictionary, and any word by a given pronunciation", async () => {
    const engine = await open();
    const say = async (text: string, sounds = {}) =>
      (await engine.synthesize(text, voice, { sounds })).samples;
    const plain = await say("alexa");
    expect(plain).toEqual(await say("alexa", { alexa: "AH0 L EH1 K S AH0" }));
    expect(plain).not.toEqual(await say("alexa", { alexa: "AH0 L IY1 K S AH0" }));
    expect(await say("Sheorsha, stop", { sheorsha: "SH IY0 AO1 R SH AH0" })).not.toEqual(
      await say("Sheorsha, stop"),
    );
  });

  it("refuses a pitch that belongs to another voice", async () => {
    const engine = await open();
    await expect(engine.synthesize("stop", { ...voice, pitch: 120 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("got pico/en-US/p95 with pitch 120"),
    });
  });
});

/** Period of the loudest tenth of a second, from its autocorrelation between 100 and 400 Hz. */
function periodSeconds(samples: Float32Array, sampleRateHz = 16_000): number {
  const length = sampleRateHz / 10;
  const energyAt = (from: number) =>
    samples.subarray(from, from + length).reduce((sum, sample) => sum + sample * sample, 0);
  const starts = Array.from({ length: Math.floor((samples.length - 2 * length) / 160) }, (_, i) => i * 160);
  const from = starts.reduce((best, start) => (energyAt(start) > energyAt(best) ? start : best), 0);
  let best = 0;
  let bestSum = -Infinity;
  for (let lag = sampleRateHz / 400; lag <= sampleRateHz / 100; lag++) {
    let sum = 0;
    for (let i = from; i < from + length; i++) sum += samples[i]! * samples[i + lag]!;
    if (sum > bestSum) [best, bestSum] = [lag, sum];
  }
  return best / sampleRateHz;
}
