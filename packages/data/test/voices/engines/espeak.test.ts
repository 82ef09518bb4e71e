import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createRandom } from "../../../src/random.ts";
import {
  createEspeakEngine,
  inOtherLanguages,
  phonemize,
} from "../../../src/voices/engines/espeak/espeak.ts";
import { importEspeak } from "../../../src/voices/engines/espeak/package.ts";
import { ACCENTS, OTHER_LANGUAGES, VARIANTS } from "../../../src/voices/engines/espeak/voices.ts";
import { runProgram } from "../../../src/voices/engines/espeak/run-program.ts";

const hasProgram = ((): boolean => {
  try {
    execFileSync("espeak-ng", ["--version"]);
    return true;
  } catch {
    return false;
  }
})();

const missingPackage = (): Promise<never> => Promise.reject(new Error("ERR_MODULE_NOT_FOUND"));

const voice = {
  engine: "espeak",
  voice: "espeak/en-us+m3",
  backend: "package",
  rate: 160,
  pitch: 50,
  range: 50,
};

describe("createEspeakEngine", () => {
  afterEach(() => vi.restoreAllMocks());

  it("has every accent with every variant that a person might sound like", async () => {
    const engine = await createEspeakEngine({ backend: "package" });
    expect(engine.voices()).toHaveLength(Object.keys(ACCENTS).length * VARIANTS.length);
    for (const odd of ["whisper", "whisperf", "robosoft", "UniRobot", "Demonic"]) {
      expect(engine.voices().some(({ id }) => id.endsWith(`+${odd}`))).toBe(false);
    }
  });

  it("says the same thing on another day", async () => {
    const voices = [1, 2, 3].map((seed) => createRandom(seed));
    const say = async () => {
      // An instance of its own, as of another process.
      const engine = await createEspeakEngine({ backend: "package", loadPackage: importEspeak });
      return Promise.all(
        voices.map(
          async (random, i) => (await engine.synthesize("hush", engine.drawVoice(random.fork(i)))).samples,
        ),
      );
    };
    const today = await say();
    const later = Date.now() + 86_400_000;
    vi.spyOn(Date, "now").mockImplementation(() => later);
    expect(await say()).toEqual(today);
  });

  it("passes a slow voice, a high one and a lively one on to espeak-ng", async () => {
    const engine = await createEspeakEngine({ backend: "package" });
    const say = async (more: object) =>
      (await engine.synthesize("hey computer", { ...voice, ...more })).samples;
    const seconds = async (rate: number) => (await say({ rate })).length / 22_050;
    expect((await seconds(100)) / (await seconds(200))).toBeGreaterThan(1.6);
    const crossings = (samples: Float32Array) =>
      samples.reduce((n, s, i) => n + (s >= 0 !== (samples[i - 1] ?? 0) >= 0 ? 1 : 0), 0);
    expect(crossings(await say({ pitch: 95 }))).not.toBe(crossings(await say({ pitch: 10 })));
    expect(await say({ range: 10 })).not.toEqual(await say({ range: 90 }));
  });

  it("speaks every other language, each otherwise than English", async () => {
    const engine = await createEspeakEngine({ backend: "package" });
    const flite = { engine: "flite", voice: "flite/slt" };
    const voices = inOtherLanguages([flite, ...OTHER_LANGUAGES.map(() => voice)], OTHER_LANGUAGES);
    expect(voices.map((one) => one.voice)).toEqual(OTHER_LANGUAGES.map((code) => `espeak/${code}+m3`));
    const english = await engine.synthesize("4821", voice);
    for (const foreign of voices) {
      const { samples } = await engine.synthesize("4821", foreign);
      expect(samples.length).toBeGreaterThan(8000);
      expect(samples).not.toEqual(english.samples);
    }
  });

  it("refuses a variant that espeak-ng would pass over in silence, and a voice of the other backend", async () => {
    const engine = await createEspeakEngine({ backend: "package" });
    const voice = engine.drawVoice(createRandom(1));
    await expect(engine.synthesize("stop", { ...voice, voice: "espeak/en-us+nobody" })).rejects.toMatchObject(
      {
        message: "espeak: no voice espeak/en-us+nobody here; voices() lists them",
      },
    );
    await expect(engine.synthesize("stop", { ...voice, voice: "espeak/xx+f3" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(engine.synthesize("stop", { ...voice, backend: "program" })).rejects.toMatchObject({
      message: expect.stringContaining("drawn for the program, this is the package"),
    });
  });

  it("says how to install it when neither package nor program is there", async () => {
    const none = { loadPackage: missingPackage, command: "no-such-espeak-ng" };
    for (const backend of ["auto", "program"] as const) {
      await expect(createEspeakEngine({ ...none, backend })).rejects.toMatchObject({
        code: "DEPENDENCY_MISSING",
        message: expect.stringContaining("apt-get install espeak-ng"),
      });
    }
    const unlike = () =>
      Promise.resolve(async () => ({
        HEAPU8: new Uint8Array(8),
        HEAPU32: new Uint32Array(2),
        FS: { readdir: () => [], readFile: () => new Uint8Array(8) } as never,
        eSpeakNGWorker: Object as never,
      }));
    await expect(createEspeakEngine({ backend: "package", loadPackage: unlike })).rejects.toMatchObject({
      message: expect.stringContaining("npm install @echogarden/espeak-ng-emscripten@0.3.5"),
    });
  });

  it.skipIf(!hasProgram)("falls back to the program", async () => {
    const engine = await createEspeakEngine({ loadPackage: missingPackage });
    expect(engine.drawVoice(createRandom(1))).toMatchObject({ backend: "program" });
  });
});

describe("phonemize", () => {
  // Transcriptions as the espeak-ng 1.51 program prints them (espeak-ng -v en-us -q --ipa --sep=_).
  it.each([
    ["hey computer", "h_ˈeɪ k_ə_m_p_j_ˈuː_ɾ_ɚ"],
    ["cat", "k_ˈæ_t"],
    ["stop 5", "s_t_ˈɑː_p f_ˈaɪ_v"],
    ["[[h@]] stop", "ˈeɪ_tʃ æ_t s_t_ˈɑː_p"],
  ])("transcribes %j", async (text, ipa) => {
    const words = await phonemize(text, { backend: "package" });
    expect(words.map((word) => word.join("_")).join(" ")).toBe(ipa);
  });

  it("speaks other accents, and refuses what has no sound", async () => {
    expect(await phonemize("bath", { accent: "en-gb-x-rp" })).toEqual([["b", "ˈɑː", "θ"]]);
    expect(await phonemize("bath", { accent: "en-us" })).toEqual([["b", "ˈæ", "θ"]]);
    await expect(phonemize("…")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(phonemize("bath", { accent: "xx-nowhere" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it.skipIf(!hasProgram)("agrees with the program", async () => {
    for (const text of ["hey computer", "turn on the kitchen lights", "nosuchword, please"]) {
      expect(await phonemize(text, { backend: "package" })).toEqual(
        await phonemize(text, { backend: "program" }),
      );
    }
  });
});

describe("a program for espeak-ng that misbehaves", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-espeak-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const program = async (name: string, body: string): Promise<string> => {
    const path = join(folder, name);
    const answers = `if (process.argv[2] === "--version") { console.log("eSpeak NG text-to-speech: 1.52.0"); process.exit(); }
      if (process.argv[2] === "--voices=variant") { console.log(" 5  variant         --/F      x   !v/f3       "); process.exit(); }`;
    await writeFile(path, `#!${process.execPath}\n${answers}\n${body}`);
    await chmod(path, 0o755);
    return path;
  };
  const say = async (command: string, options = {}) => {
    const engine = await createEspeakEngine({ backend: "program", command, ...options });
    const voice = engine.drawVoice(createRandom(1));
    return engine.synthesize("stop", voice);
  };

  it.each([
    ["crashes", "process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 100)", "ended by SIGSEGV"],
    ["complains", "console.error('no data'); process.exit(3)", "no data"],
    ["hangs", "setInterval(() => {}, 100)", "no answer within 0.4 s"],
    ["prints rubbish", "console.log('x'.repeat(100))", "RIFF"],
    ["says nothing", "", "output"],
    [
      "never ends",
      "const b = Buffer.alloc(1e6); const w = () => { while (process.stdout.write(b)); process.stdout.once('drain', w); }; w();",
      "more than 26460000 bytes",
    ],
  ])("that %s is reported", async (name, body, message) => {
    const command = await program(name.replaceAll(" ", "-"), body);
    const timeoutSeconds = name === "hangs" ? 0.4 : 20;
    await expect(say(command, { timeoutSeconds })).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
  });

  it("is taken for what it is from version 1.52 on: not the same each time", async () => {
    const command = await program("new", "");
    expect((await createEspeakEngine({ backend: "program", command })).deterministic).toBe(false);
  });

  it("is refused when it is another program, and stopped when told to", async () => {
    await expect(createEspeakEngine({ backend: "program", command: "true" })).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      message: expect.stringContaining("expected true to be espeak-ng"),
    });
    const running = runProgram("sleep", ["30"], { timeoutSeconds: 30, signal: AbortSignal.timeout(30) });
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
  });
});
