import { CallsignError } from "@callsign/audio/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/random.ts";
import type { SpeechEngine, VoiceParameters } from "../../../src/voices/speech-engine.ts";

/** What every engine promises. `create` is called twice, to stand for two workers. */
export function describeSpeechEngine(name: string, create: () => Promise<SpeechEngine>): void {
  describe(`${name} as a speech engine`, () => {
    let engine: SpeechEngine;
    let other: SpeechEngine;
    beforeAll(async () => {
      engine = await create();
      other = await create();
    });
    afterAll(async () => {
      await engine.dispose();
      await other.dispose();
    });
    const drawn = (seed: number): VoiceParameters => engine.drawVoice(createRandom(seed));
    const say = async (text: string, voice: VoiceParameters, by = engine): Promise<Float32Array> =>
      (await by.synthesize(text, voice)).samples;

    it("names its voices and its licence", () => {
      const ids = engine.voices().map((voice) => voice.id);
      expect(ids.length).toBeGreaterThan(0);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id.startsWith(`${engine.id}/`)).toBe(true);
      expect(new Set(engine.voices().map(({ parts = ["id"] }) => parts.length)).size).toBe(1);
      expect(engine.licence).not.toBe("");
    });

    it("draws the same voice from the same seed, one of its own, as plain JSON", () => {
      const ids = new Set(engine.voices().map((voice) => voice.id));
      const seen = new Set<string>();
      for (let seed = 0; seed < 100; seed++) {
        const voice = drawn(seed);
        expect(ids).toContain(voice.voice);
        expect(voice.engine).toBe(engine.id);
        expect(JSON.parse(JSON.stringify(voice))).toEqual(voice);
        expect(drawn(seed)).toEqual(voice);
        seen.add(JSON.stringify(voice));
      }
      expect(seen.size).toBeGreaterThan(90);
    });

    it("speaks: finite samples, neither silent nor past full scale", async () => {
      const audio = await engine.synthesize("hey computer", drawn(1));
      expect(audio.sampleRateHz).toBeGreaterThanOrEqual(8000);
      expect(audio.samples.length / audio.sampleRateHz).toBeGreaterThan(0.2);
      expect(audio.samples.every((sample) => Math.abs(sample) <= 1)).toBe(true);
      expect(Math.max(...audio.samples.map(Math.abs))).toBeGreaterThan(0.01);
    });

    it("uses a given pronunciation for one clip only, if it takes pronunciations", async () => {
      if (engine.takesSounds !== true) return;
      const voice = drawn(1);
      const plain = await say("hey siorsha", voice);
      const sounds = ["SH IY1 AO2 R SH AH0", "SH IY2 AO0 R SH AA1"];
      const said = [];
      for (const sound of sounds)
        said.push((await engine.synthesize("hey siorsha", voice, { sounds: { siorsha: sound } })).samples);
      expect(said[0]).not.toEqual(said[1]);
      expect(said[0]).not.toEqual(plain);
      expect(await say("hey siorsha", voice)).toEqual(plain);
      const { samples } = await other.synthesize("hey siorsha", voice, { sounds: { siorsha: sounds[1]! } });
      expect(samples).toEqual(said[1]);
    });

    it("gives the same bytes whatever was spoken before, in another instance, and side by side", async () => {
      const voices = [drawn(1), drawn(2)];
      const first = [];
      for (const voice of voices) first.push(await say("stop", voice));
      const again = [];
      for (const voice of voices.toReversed()) again.unshift(await say("stop", { ...voice }, other));
      expect(again).toEqual(first);
      const together = await Promise.all(voices.map((voice) => say("stop", voice)));
      expect(together).toEqual(first);
    });

    it("gives other bytes for other voice parameters and other text", async () => {
      const base = await say("stop", drawn(1));
      expect(await say("stop", drawn(2))).not.toEqual(base);
      expect(await say("hey computer", drawn(1))).not.toEqual(base);
    });

    it.each(["", "   ", "\n\0", "…!?", "☃ ❤️"])(
      "refuses %j, in which nothing is to be spoken",
      async (text) => {
        await expect(say(text, drawn(1))).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("expected text with a letter or digit"),
        });
      },
    );

    it("refuses a text that is too long", async () => {
      await expect(say("stop ".repeat(300), drawn(1))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("expected at most 1000 characters of text, got 1499"),
      });
    });

    it.each([
      "-x stop",
      "--help stop",
      "$(touch /tmp/oops) `stop`; stop",
      "stop\0stop\nstop\r\tstop",
      "<speak><break time='9s'/>stop</speak>",
      "[[stop]] {stop} %s %n \\ \"stop\" 'stop'",
      "naïve café ☕ stop 停止 стоп \u{1F680} \u202Estop",
      "\uD800 stop",
    ])("takes %j as text, or says that it cannot", async (text) => {
      const answered = await say(text, drawn(1)).then(
        (samples) => samples.length > 100,
        (error: unknown) => error instanceof CallsignError && error.code === "SYNTHESIS_FAILED",
      );
      expect(answered).toBe(true);
    });

    it("refuses voice parameters that are not its own", async () => {
      const voice = drawn(1);
      const parameter = Object.keys(voice).find((key) => typeof voice[key] === "number");
      const wrong: VoiceParameters[] = [
        { ...voice, engine: "other" },
        { ...voice, voice: `${engine.id}/nobody` },
        { ...voice, extra: 1 },
        { ...voice, [parameter!]: -1e9 },
        { ...voice, [parameter!]: Number.NaN },
        { ...voice, [parameter!]: "fast" },
        { engine: engine.id, voice: voice.voice },
      ];
      for (const parameters of wrong) {
        await expect(say("stop", parameters)).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
        });
      }
    });

    it("stops when told to", async () => {
      const spoken = engine.synthesize("stop", drawn(1), { signal: AbortSignal.abort() });
      await expect(spoken).rejects.toMatchObject({ code: "ABORTED" });
    });
  });
}
