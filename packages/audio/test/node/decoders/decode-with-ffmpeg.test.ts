import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeAudio, readAudioChunks, readAudioFile } from "@callsign/audio/node/internal";
import { ascii, bytesOf, joinBytes, wavBytes } from "../../wav-bytes.ts";
import { fixture, fixturePath } from "../../support/fixture.ts";
import { refusal } from "../../../../../test-support/refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "callsign-ffmpeg-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const m4a = joinBytes([Uint8Array.of(0, 0, 0, 32), ascii("ftypM4A "), new Uint8Array(900).fill(7)]);
const webm = joinBytes([Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3), new Uint8Array(900).fill(7)]);

describe("without ffmpeg on the PATH", () => {
  it.each([
    ["song.m4a", m4a, "MP4 or M4A (AAC, ALAC or video)"],
    ["clip.webm", webm, "WebM or Matroska"],
    ["clip.aac", Uint8Array.of(0xff, 0xf1, 0x50, 0x80), "AAC (ADTS)"],
    ["clip.aiff", ascii("FORM0000AIFF"), "AIFF"],
    [
      "mulaw.wav",
      wavBytes({ tag: 7, bits: 8, data: new Uint8Array(9) }),
      "WAV encoding mu-law (7): this is read",
    ],
  ])("%s is refused, and the message tells what to do", async (file, bytes, title) => {
    vi.stubEnv("PATH", folder);
    const path = join(folder, file);
    writeFileSync(path, bytes);
    const error = refusal("AUDIO_UNSUPPORTED", "not on the PATH; install it (apt install ffmpeg");
    await expect(readAudioFile(path)).rejects.toEqual(error);
    await expect(readAudioFile(path)).rejects.toEqual(refusal("AUDIO_UNSUPPORTED", `${path}: ${title}`));
    await expect(decodeAudio(bytes, { name: "memory" })).rejects.toEqual(
      refusal("AUDIO_UNSUPPORTED", "memory: "),
    );
  });
});

describe.skipIf(process.platform === "win32")("with a program that stands in for ffmpeg", () => {
  const bin = join(folder, "bin");
  const log = join(folder, "arguments");
  const pcm = Float32Array.of(0.5, -0.25, 0.125);
  const program = (script: string): void => {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "ffmpeg"), `#!/bin/sh\nprintf '%s\\n' "$@" > '${log}'\n${script}\n`);
    chmodSync(join(bin, "ffmpeg"), 0o755);
  };
  beforeEach(() => {
    vi.stubEnv("PATH", `${bin}${delimiter}${process.env["PATH"]}`);
    writeFileSync(
      join(folder, "answer.wav"),
      wavBytes({ tag: 3, bits: 32, data: bytesOf(pcm), dataLength: 0xffffffff, riffLength: 0xffffffff }),
    );
  });

  it("gives it only the file, under a name that is no option and no address", async () => {
    program(`cat '${folder}/answer.wav'`);
    for (const name of ["-y.m4a", "http:song.m4a"]) {
      const path = join(folder, name);
      writeFileSync(path, m4a);
      expect([...(await readAudioFile(path)).samples]).toEqual([0.5, -0.25, 0.125]);
      const given = readFileSync(log, "utf8").split("\n");
      expect(given).toContain(`file:${path}`);
      expect(given.join(" ")).toContain(
        "-nostdin -hide_banner -loglevel error -protocol_whitelist file,pipe -f mp4 -i",
      );
    }
  });

  it("passes it data from memory or a pipe", async () => {
    program(`cat > '${folder}/copy'; cat '${folder}/answer.wav'`);
    expect((await decodeAudio(webm)).samples).toHaveLength(3);
    expect(new Uint8Array(readFileSync(join(folder, "copy")))).toEqual(webm);
    // An MP4's index may lie at its end: it has to be a file, which is removed again.
    program(
      `for last; do :; done; cat "$(grep '^file:' '${log}' | cut -c6-)" > '${folder}/copy'; cat '${folder}/answer.wav'`,
    );
    expect((await decodeAudio(m4a)).samples).toHaveLength(3);
    expect(new Uint8Array(readFileSync(join(folder, "copy")))).toEqual(m4a);
    expect(
      existsSync(
        readFileSync(log, "utf8")
          .split("\n")
          .find((line) => line.startsWith("file:"))!
          .slice(5),
      ),
    ).toBe(false);
  });

  it("passes its complaints on, as a note or an error", async () => {
    program(`cat '${folder}/answer.wav'; echo "moov atom is  odd" >&2; exit 1`);
    const notes: string[] = [];
    await decodeAudio(webm, { name: "clip", onNote: ({ message }) => notes.push(message) });
    expect(notes).toEqual(["clip: ffmpeg: moov atom is odd"]);
    program(`yes complaint | head -c 100000 >&2; exit 1`);
    await expect(decodeAudio(webm)).rejects.toEqual(
      refusal("AUDIO_INVALID", "WebM or Matroska: ffmpeg decoded no audio: complaint complaint"),
    );
  });

  it("ends it with the reading", async () => {
    program(`echo $$ > '${folder}/pid'; cat '${folder}/answer.wav'; exec sleep 1000`);
    const isRunning = (): boolean => {
      try {
        return process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), 0);
      } catch {
        return false;
      }
    };
    const controller = new AbortController();
    const reading = decodeAudio(webm, { name: "clip", signal: controller.signal });
    await vi.waitFor(() => expect(isRunning()).toBe(true), { timeout: 120_000 });
    controller.abort();
    await expect(reading).rejects.toEqual(refusal("ABORTED", "clip: reading was stopped"));
    expect(isRunning()).toBe(false);
  });
});

const hasFfmpeg = ((): boolean => {
  try {
    execFileSync("ffmpeg", ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasFfmpeg)("with ffmpeg", () => {
  it.each([
    ["m4a", ["-c:a", "alac"]],
    ["mov", ["-c:a", "pcm_s16be"]],
    ["mka", ["-c:a", "flac"]],
    ["aiff", []],
    ["au", []],
    ["w64", []],
    ["caf", []],
  ])("%s gives the samples that went in, from a file and from memory", async (extension, codec) => {
    const path = join(folder, `-real:${extension}.${extension}`);
    const made = join(folder, `made.${extension}`);
    execFileSync("ffmpeg", [
      "-v",
      "error",
      "-y",
      "-i",
      fixturePath("tone.wav"),
      ...codec,
      "-f",
      MUXERS[extension] ?? extension,
      made,
    ]);
    copyFileSync(made, path);
    const temporary = mkdtempSync(join(folder, "temporary-"));
    vi.stubEnv("TMPDIR", temporary);
    const { samples } = await decodeAudio(fixture("tone.wav"));
    expect((await readAudioFile(path)).samples).toEqual(samples);
    expect((await decodeAudio(new Uint8Array(readFileSync(path)))).samples).toEqual(samples);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("reads mu-law WAV and the sound of a film, and reports files without audio", async () => {
    const make = (name: string, options: readonly string[]): string => {
      const path = join(folder, name);
      execFileSync("ffmpeg", ["-v", "error", "-y", ...options, path]);
      return path;
    };
    const mulaw = make("mulaw-real.wav", ["-i", fixturePath("tone.wav"), "-c:a", "pcm_mulaw"]);
    expect((await readAudioFile(mulaw)).samples).toHaveLength(800);
    expect((await decodeAudio(new Uint8Array(readFileSync(mulaw)))).samples).toHaveLength(800);
    const film = make("film.mkv", [
      "-f",
      "lavfi",
      "-i",
      "color=s=16x16:d=0.1",
      "-i",
      fixturePath("tone.wav"),
      "-c:a",
      "flac",
    ]);
    let length = 0;
    for await (const chunk of readAudioChunks(film)) length += chunk.length;
    expect(length).toBe(800);
    const silent = make("silent.mkv", ["-f", "lavfi", "-i", "color=s=16x16:d=0.1"]);
    await expect(readAudioFile(silent)).rejects.toEqual(refusal("AUDIO_INVALID", "ffmpeg decoded no audio"));
  });
});

/** ffmpeg's name of the format where it is not the file's ending. */
const MUXERS: Readonly<Record<string, string>> = { m4a: "ipod", mka: "matroska" };
