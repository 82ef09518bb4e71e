import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  type ClipSource,
  createSource,
  type ReadClipsOptions,
  type SourceClip,
} from "@callsign/data/internal";
import { readMagnitudes } from "@callsign/audio/node/internal";

import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { hertzOf } from "./support/mp3.ts";
import { put, sine, sineOgg, wav } from "./support/sounds.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-local-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const licence = "CC0-1.0";

async function readAll(source: ClipSource, options: ReadClipsOptions = {}): Promise<SourceClip[]> {
  const clips: SourceClip[] = [];
  for await (const clip of source.clips(options)) clips.push(clip);
  return clips;
}

describe("folder", () => {
  it("reads any sample rate, labels by folder, and tells speakers by a pattern", async () => {
    await put(folder, "yes/anna_1.wav", wav(sine({ hertz: 500, seconds: 1, sampleRateHz: 44_100 }), 44_100));
    await put(folder, "no/ben_1.ogg", await sineOgg({ hertz: 700, seconds: 1 }));
    await put(folder, "no/strange.wav", wav(sine({ hertz: 900, seconds: 1, sampleRateHz: 8000 }), 8000));
    await put(folder, "no/.hidden.wav", "not audio");
    await put(folder, "no/notes.txt", "not audio");
    await symlink(folder, join(folder, "no", "loop"));
    const notes: string[] = [];
    const clips = await readAll(
      createSource({
        kind: "folder",
        path: folder,
        licence,
        name: "mine",
        speakerPattern: "/(?<speaker>[a-z]+)_\\d+\\.",
      }),
      { onNote: (note) => notes.push(note) },
    );
    expect(notes).toEqual([
      expect.stringContaining("finds no speaker in 1 of 3 paths, such as no/strange.wav; "),
    ]);
    expect(clips.map(({ id, label, speaker }) => [id, label, speaker])).toEqual([
      ["no/ben_1.ogg", "no", "mine/ben"],
      ["no/strange.wav", "no", undefined],
      ["yes/anna_1.wav", "yes", "mine/anna"],
    ]);
    const hertz = clips.map(({ audio }) => hertzOf(audio));
    expect(hertz).toBeAllClose([700, 900, 500], { rtol: 1e-3 });
    for (const { audio } of clips) expect(Math.abs(audio.length - 16_000)).toBeLessThan(20);
  });

  it("cuts a long recording at its pauses into segments that are together the whole of it", async () => {
    // Twelve words of 0.8 s with pauses of 0.4 s; 14.4 s.
    const word = sine({ hertz: 400, seconds: 0.8 });
    const samples = new Float32Array(12 * 19_200);
    for (let i = 0; i < 12; i++) samples.set(word, i * 19_200);
    await put(folder, "talk/anna_1.wav", wav(samples));
    await put(folder, "talk/anna_2.wav", wav(sine({ seconds: 4 })));
    await put(folder, "talk/anna_3.wav", wav(sine({ seconds: 4.001 })));
    const source = createSource({
      kind: "folder",
      path: folder,
      licence,
      maxSeconds: 4,
      speakerPattern: "(?<speaker>[a-z]+)_",
    });
    const clips = await readAll(source);
    const long = clips.filter(({ provenance }) => provenance.file === "talk/anna_1.wav");
    expect(long.map(({ id }) => id)).toEqual(["0", "1", "2", "3"].map((i) => `talk/anna_1.wav#${i}`));
    expect(Float32Array.from(long.flatMap(({ audio }) => [...audio]))).toEqual(samples);
    // Every cut lies in a pause.
    for (const { provenance } of long.slice(1)) {
      const inWord = (Number(provenance.startSeconds) % 1.2) / 1.2;
      expect(inWord).toBeGreaterThan(0.8 / 1.2);
    }
    expect(new Set(clips.map(({ speaker }) => speaker)).size).toBe(1);
    expect(clips.every(({ audio }) => audio.length <= 64_000 && audio.length >= 8000)).toBe(true);
    expect(clips.filter(({ isSegment }) => isSegment !== true).map(({ id }) => id)).toEqual([
      "talk/anna_2.wav",
    ]);
  });

  it("draws a seeded sample, leaves out what exclude names, and takes label and text from the config", async () => {
    for (let i = 0; i < 8; i++) await put(folder, `${i}.wav`, wav(sine({ seconds: 0.1 })));
    const config = { kind: "folder", path: folder, licence, label: "x", text: "the words" } as const;
    const ids = async (seed: number): Promise<string[]> =>
      (await readAll(createSource({ ...config, count: 3, seed }))).map(({ id }) => id);
    expect(await ids(1)).toHaveLength(3);
    expect(await ids(1)).toEqual(await ids(1));
    expect(new Set([...(await ids(1)), ...(await ids(2)), ...(await ids(3))]).size).toBeGreaterThan(3);
    expect((await readAll(createSource(config)))[0]).toMatchObject({ label: "x", text: "the words" });
    const some = await readAll(createSource({ ...config, exclude: ["1.wav", "[2].wav", "*7*"] }));
    expect(some.map(({ id }) => id)).toEqual(["0", "2", "3", "4", "5", "6"].map((name) => `${name}.wav`));
    await expect(readAll(createSource({ ...config, exclude: ["*"] }))).rejects.toThrow(
      "all 8 recordings are left out by exclude: *",
    );
  });

  it("refuses a folder without recordings and a pattern that names no speaker", async () => {
    await expect(readAll(createSource({ kind: "folder", path: folder, licence }))).rejects.toMatchObject({
      code: "CORPUS_EMPTY",
    });
    for (const speakerPattern of ["(\\w+)", "(?<who>a)", "("])
      expect(() => createSource({ kind: "folder", path: folder, licence, speakerPattern })).toThrow(
        /group \(\?<speaker>/,
      );
  });
});

describe("noise", () => {
  it("cuts long recordings into segments and keeps short ones whole", async () => {
    await put(folder, "long.wav", wav(sine({ seconds: 2.3 })));
    await put(folder, "longer.wav", wav(sine({ seconds: 2.6 })));
    await put(folder, "short.wav", wav(sine({ seconds: 0.2 })));
    const source = createSource({ kind: "noise", path: folder, licence, segmentSeconds: 1, minSeconds: 0.5 });
    const clips = await readAll(source);
    expect(clips.map(({ id, audio }) => [id, audio.length])).toEqual([
      ["long.wav#0", 16_000],
      ["long.wav#1", 16_000],
      ["longer.wav#0", 16_000],
      ["longer.wav#1", 16_000],
      ["longer.wav#2", 9600],
      ["short.wav#0", 3200],
    ]);
    expect(new Set(clips.slice(2, 5).map(({ speaker }) => speaker)).size).toBe(1);
    expect(clips[4]!.audio).toEqual(sine({ seconds: 2.6 }).slice(32_000));
    expect(clips[4]!.provenance).toEqual({ file: "longer.wav", startSeconds: 2 });
  });
});

describe("impulse-responses", () => {
  it("begins at the direct sound and ends where it is told", async () => {
    const response = new Float32Array(20_000);
    for (let i = 0; i < 3000; i++) response[1000 + i] = 20_000 * 0.998 ** i * (i % 2 === 0 ? 1 : -1);
    response[900] = 1500;
    await put(folder, "hall.wav", wav(response));
    const config = { kind: "impulse-responses", path: folder, licence } as const;
    const [hall] = await readAll(createSource(config));
    expect(hall!.audio).toHaveLength(19_000);
    expect(hall!.audio[0]).toBe(20_000);
    const [cut] = await readAll(createSource({ ...config, maxSeconds: 0.1 }));
    expect(cut!.audio).toEqual(hall!.audio.slice(0, 1600));
  });

  it("counts silence as broken", async () => {
    await put(folder, "silent.wav", wav(new Float32Array(1000)));
    await expect(readAll(createSource({ kind: "impulse-responses", path: folder, licence }))).rejects.toThrow(
      /got silence/,
    );
  });
});

describe("clip", () => {
  const recording = Float32Array.from({ length: 80_000 }, (_, i) => (i % 4001) * 8 - 16_000);
  const truth = (commands: object[], more: object = {}): Promise<string> =>
    put(
      folder,
      "truth.json",
      JSON.stringify({ sampleRateHz: 16_000, numSamples: 80_000, frameLength: 512, commands, ...more }),
    );
  const cut = async (more: object = {}): Promise<SourceClip[]> => {
    const path = await put(folder, "long.wav", wav(recording));
    return readAll(
      createSource({
        kind: "clip",
        path,
        truth: join(folder, "truth.json"),
        licence,
        label: "command",
        ...more,
      }),
    );
  };

  it("gives intervals by their inclusive ends, and what lies between in segments", async () => {
    await truth([
      { startSample: 50_000, endSample: 59_999, label: "stop" },
      { startSample: 20_000, endSample: 29_999, text: "go now" },
    ]);
    const clips = await cut({ segmentSeconds: 1 });
    expect(clips.map(({ id, label, text }) => [id, label, text])).toEqual([
      ["long.wav#0-15999", "other", undefined],
      ["long.wav#16000-19999", "other", undefined],
      ["long.wav#20000-29999", "command", "go now"],
      ["long.wav#30000-45999", "other", undefined],
      ["long.wav#46000-49999", "other", undefined],
      ["long.wav#50000-59999", "stop", undefined],
      ["long.wav#60000-75999", "other", undefined],
      ["long.wav#76000-79999", "other", undefined],
    ]);
    const whole = new Float32Array(80_000);
    let position = 0;
    for (const { audio } of clips) {
      whole.set(audio, position);
      position += audio.length;
    }
    expect(whole).toEqual(recording);
  });

  it("reads only the stretch it is told, without the intervals that cross its ends", async () => {
    await truth([
      { startSample: 10_000, endSample: 20_000 },
      { startSample: 30_000, endSample: 40_000 },
      { startSample: 60_000, endSample: 70_000 },
    ]);
    const clips = await cut({ fromSeconds: 1, toSeconds: 4 });
    expect(clips.map(({ id }) => id)).toEqual([
      "long.wav#20001-29999",
      "long.wav#30000-40000",
      "long.wav#40001-59999",
    ]);
    expect(clips[1]!.audio).toEqual(recording.slice(30_000, 40_001));
  });

  it("adds what is heard before an interval, as far as there is any", async () => {
    await truth([
      { startSample: 4000, endSample: 7999 },
      { startSample: 40_000, endSample: 47_999 },
    ]);
    const commands = (await cut({ leadInSeconds: 0.5 })).filter(({ label }) => label === "command");
    expect(commands.map(({ provenance }) => provenance.leadIn)).toEqual([4000, 8000]);
    expect(commands[1]!.audio).toEqual(recording.slice(32_000, 48_000));
  });

  it("takes positions at the truth's own rate", async () => {
    await truth([{ startSample: 10_000, endSample: 19_999 }], { sampleRateHz: 8000, numSamples: 40_000 });
    const [, command] = await cut();
    expect(command!.id).toBe("long.wav#20000-39999");
  });

  it("refuses a truth that cannot be, by file and interval", async () => {
    const interval = (startSample: number, endSample: number) => ({ startSample, endSample });
    const cases = [
      [interval(5, 4), "commands[0]: reversed: it starts at 5 and ends at 4"],
      [interval(0, 80_000), "commands[0]: ends at sample 80000, beyond the clip's last sample 79999"],
      [{ startSample: -1, endSample: 3 }, "commands[0].startSample: "],
      [{ startSample: 1 }, "commands[0].endSample: "],
    ] as const;
    for (const [command, message] of cases) {
      await truth([command]);
      await expect(cut()).rejects.toMatchObject({
        code: "TRUTH_INVALID",
        message: expect.stringContaining(message) as string,
      });
    }
    await truth([interval(0, 100), interval(100, 200)]);
    await expect(cut()).rejects.toThrow(
      /commands\[1\]: samples 100-200 overlaps commands\[0\], samples 0-100/,
    );
    await put(folder, "truth.json", "{");
    await expect(cut()).rejects.toThrow(/truth\.json: not JSON/);
    await truth([]);
    await expect(cut({ fromSeconds: 5 })).rejects.toMatchObject({ code: "AUDIO_TOO_SHORT" });
    await expect(cut({ fromSeconds: 3, toSeconds: 2 })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe.skipIf(!hasSharedData)("the challenge clip (data beside the repository)", () => {
  it("gives its first 32 s: two commands and what lies between", async () => {
    const path = sharedPath("challenge", "challenge.wav");
    const truth = sharedPath("challenge", "ground-truth.json");
    const source = createSource({
      kind: "clip",
      path,
      truth,
      licence: "unknown",
      label: "command",
      toSeconds: 32,
      segmentSeconds: 60,
    });
    const clips = await readAll(source);
    expect(clips.map(({ label, audio }) => [label, audio.length])).toEqual([
      ["other", 142_000],
      ["command", 18_001],
      ["other", 179_999],
      ["command", 20_001],
      ["other", 151_999],
    ]);
    const whole = await readMagnitudes(path);
    expect(clips[3]!.audio).toEqual(whole.slice(340_000, 360_001));
  });
});
