import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";

import { formatModelCard, readWav, writeWav } from "@callsign/infer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { toneDetector, tones } from "../../infer/test/support/tone-detector.ts";
import { runCaptured } from "./run-captured.ts";

let folder: string;
let wav: Uint8Array;
let expected: unknown;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-pipes-test-"));
  const { card, classifier } = await toneDetector();
  await writeFile(join(folder, "model.json"), formatModelCard(card, { name: "model.json" }));
  await writeFile(join(folder, card.classifier.file), classifier);
  wav = writeWav({ samples: tones(), sampleRateHz: 16_000 });
  await writeFile(join(folder, "tones.wav"), wav);
  const [{ detections }] = JSON.parse((await detect([join(folder, "tones.wav")], "--json")).stdout);
  expect(detections.length).toBeGreaterThan(1);
  expected = detections;
});
afterAll(() => rm(folder, { recursive: true }));

const detect = (files: readonly string[], ...flags: string[]) =>
  runCaptured(["detect", ...files, "--model", folder, ...flags]);

/** Standard input that gives these bytes in pieces of an odd length. */
const input = (bytes: Uint8Array) => ({
  stdin: () =>
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / 4999) }, (_, i) =>
        bytes.subarray(4999 * i, 4999 * (i + 1)),
      ),
    ),
});

async function detectStdin(bytes: Uint8Array, ...flags: string[]): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runCaptured(
    ["detect", "-", "--model", folder, "--json", ...flags],
    input(bytes),
  );
  expect(exitCode, stderr).toBe(0);
  const [result] = JSON.parse(stdout);
  expect(result.file).toBe("-");
  return result.detections;
}

describe("detect from a pipe", () => {
  it("reads WAV and raw samples from standard input as it does a file", async () => {
    expect(await detectStdin(wav)).toEqual(expected);
    expect(await detectStdin(wav.subarray(44), "--rate", "16000")).toEqual(expected);
    const int16 = new Int16Array(wav.slice(44).buffer);
    const stereo = Float32Array.from({ length: 2 * int16.length }, (_, i) => int16[i >> 1]! / 32_768);
    const flags = ["--encoding", "f32le", "--channels", "2"];
    expect(await detectStdin(new Uint8Array(stereo.buffer), ...flags)).toEqual(expected);
  });

  it.skipIf(process.platform === "win32")("reads a FIFO, several files and - in one go", async () => {
    const fifo = join(folder, "fifo");
    execFileSync("mkfifo", [fifo]);
    const writer = createWriteStream(fifo);
    writer.end(wav);
    const { exitCode, stdout, stderr } = await runCaptured(
      ["detect", fifo, "-", join(folder, "tones.wav"), "--model", folder, "--json"],
      input(wav),
    );
    await finished(writer);
    expect(exitCode, stderr).toBe(0);
    for (const { detections } of JSON.parse(stdout)) expect(detections).toEqual(expected);
  });

  it("prints a detection when it comes, not when the stream ends", async () => {
    const controller = new AbortController();
    let stdout = "";
    const endless = new Readable({ read: () => undefined });
    endless.push(wav);
    const ended = runCaptured(["detect", "-", "--model", folder], {
      stdin: () => endless,
      signal: controller.signal,
      stdout: (text) => {
        stdout += text;
        controller.abort();
      },
    });
    expect((await ended).exitCode).toBe(130);
    expect(stdout).toMatch(/^-\t\d+\.\d+ s\ttone\t/);
  });

  it("refuses - twice, a terminal, and bytes that are no whole sample without losing the rest", async () => {
    expect(await runCaptured(["detect", "-", "-", "--model", folder])).toMatchObject({ exitCode: 2 });
    const terminal = await runCaptured(["detect", "-", "--model", folder], {
      stdin: () => Object.assign(Readable.from([]), { isTTY: true }),
    });
    expect(terminal).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("is a terminal") });
    const odd = await runCaptured(
      ["detect", "-", "--model", folder, "--rate", "16000"],
      input(new Uint8Array([...wav.subarray(44), 1])),
    );
    expect(odd).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining("the last 1 bytes are no whole sample"),
    });
    const empty = await runCaptured(
      ["detect", "-", "--model", folder, "--rate", "8000"],
      input(new Uint8Array()),
    );
    expect(empty).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("AUDIO_EMPTY") });
  });
});

describe("detect over files of which some fail", () => {
  it("processes the others and says what happened to each", async () => {
    const files = ["missing.wav", "tones.wav", "noise.bin", "empty.wav", "folder"].map((name) =>
      join(folder, name),
    );
    await writeFile(files[2]!, "not audio at all");
    await writeFile(files[3]!, "");
    await mkdir(files[4]!);
    const { exitCode, stdout, stderr } = await detect(files, "--json");
    expect(exitCode).toBe(1);
    const results = JSON.parse(stdout) as {
      error?: { code: string; message: string };
      detections: unknown;
    }[];
    expect(results.map(({ error }) => error?.code)).toEqual([
      "FILE_NOT_FOUND",
      undefined,
      expect.stringMatching(/^AUDIO_/),
      expect.stringMatching(/^AUDIO_/),
      expect.stringMatching(/^AUDIO_/),
    ]);
    expect(results[0]!.error!.message).toContain("missing.wav");
    expect(results[1]!.detections).toEqual(expected);
    expect(stderr).toMatch(
      /^error \[FILE_NOT_FOUND\] detect: 4 of 5 files failed: .*missing\.wav \(FILE_NOT_FOUND\)/,
    );
    const text = await detect(files.slice(0, 2));
    expect(text.stderr).toMatch(/^error \[FILE_NOT_FOUND\] .*missing\.wav: cannot open/);
    const alone = await detect(files.slice(0, 1));
    expect(alone.stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("gate to standard output", () => {
  it("streams a WAV, or raw samples, and nothing else", async () => {
    const file = join(folder, "muted.wav");
    await runCaptured(["gate", join(folder, "tones.wav"), "--out", file, "--model", folder]);
    const muted = await readFile(file);
    const gate = async (...flags: string[]) => {
      const parts: Uint8Array[] = [];
      const result = await runCaptured(["gate", "-", "--out", "-", "--model", folder, ...flags], {
        ...input(wav),
        writeBytes: async (bytes) => void parts.push(bytes),
      });
      expect(result).toMatchObject({ exitCode: 0, stdout: "" });
      expect(result.stderr).toMatch(/muted \d/);
      // In pieces: it does not wait for the end.
      expect(parts.length).toBeGreaterThan(10);
      return Buffer.concat(parts);
    };
    const streamed = await gate();
    expect(streamed.readUInt32LE(40)).toBe(0xffff_ffff);
    expect(readWav(streamed, { name: "streamed" }).samples).toEqual(readWav(muted, { name: "file" }).samples);
    expect(await gate("--raw")).toEqual(muted.subarray(44));
  });

  it("refuses what would mix up its outputs or overwrite the recording", async () => {
    const gate = (...flags: string[]) =>
      runCaptured(["gate", join(folder, "tones.wav"), "--model", folder, ...flags]);
    expect(await gate("--out", "-")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("terminal"),
    });
    expect(await gate("--out", "-", "--json")).toMatchObject({ exitCode: 2, stdout: "" });
    const same = await gate("--out", join(folder, ".", "tones.wav"));
    expect(same).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("is the recording itself") });
    expect(new Uint8Array(await readFile(join(folder, "tones.wav")))).toEqual(wav);
  });
});
