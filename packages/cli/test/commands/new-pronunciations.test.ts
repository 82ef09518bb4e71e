import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeWav } from "@callsign/audio/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { choosePronunciations, writeSamples } from "../../src/commands/new/pronunciations.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-cli-pronunciations-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const context = {
  stdout: () => {},
  stderr: () => {},
  env: { HF_HUB_OFFLINE: "1", XDG_CACHE_HOME: "/nonexistent" },
  signal,
  interactive: false,
};
const phrases = ["zephyra"];

describe("choosePronunciations", () => {
  it("weighs all recordings of a word, not the last one alone", async () => {
    const soundsLike = ["zephyra=ZEF er uh", "zephyra=zuh FY ruh"];
    const { sounds } = await choosePronunciations(context, { phrases, flags: { soundsLike } });
    const files = await writeSamples(sounds, { folder, signal });
    const said = files.map((file) => `zephyra=${file}`);
    const chosen = await choosePronunciations(context, { phrases, flags: { soundsLike, said } });
    // Each recording is far nearer to its own pronunciation.
    expect(chosen.sounds["zephyra"]!.map(({ weight }) => weight).every((weight) => weight > 0.25)).toBe(true);
  });

  it("refuses a recording of silence", async () => {
    const file = join(folder, "silent.wav");
    await writeFile(file, writeWav({ samples: new Float32Array(16_000), sampleRateHz: 16_000 }));
    await expect(
      choosePronunciations(context, { phrases, flags: { said: [`zephyra=${file}`] } }),
    ).rejects.toThrow(`--said: ${file}: expected a spoken word, got silence`);
    // A file where a folder is to be.
    await expect(
      writeSamples({ zephyra: [{ sound: "Z EH1 F ER0 AH0", weight: 1 }] }, { folder: file, signal }),
    ).rejects.toMatchObject({ code: "FILE_WRITE_FAILED" });
  });

  it("takes words that are names of JavaScript objects", async () => {
    const chosen = await choosePronunciations(context, {
      phrases: ["hey constructor"],
      flags: { soundsLike: ["constructor=see OR sha"] },
    });
    expect(chosen.named["constructor"]).toEqual([{ sound: expect.any(String) as string, weight: 1 }]);
    const others = await choosePronunciations(context, { phrases: ["hey constructor"], flags: {} });
    expect(Object.keys(others.named)).not.toContain("constructor");
  });
});
