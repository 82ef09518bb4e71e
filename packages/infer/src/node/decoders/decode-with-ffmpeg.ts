import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AudioBlock } from "../../audio/audio.ts";
import type { AudioNotes } from "../../audio/audio-notes.ts";
import { CallsignError } from "../../errors.ts";
import type { ForeignFormat } from "./audio-format.ts";
import { ByteReader } from "./byte-reader.ts";
import { streamSource } from "./byte-source.ts";
import { decodeWav } from "./decode-wav.ts";

export interface FfmpegOptions {
  readonly format: ForeignFormat;
  /** Path of the file; without it ffmpeg is given what `reader` has not skipped. */
  readonly path: string | undefined;
  readonly notes: AudioNotes;
  readonly signal: AbortSignal | undefined;
}

/**
 * Decodes the first audio track with the program ffmpeg, where it is on the PATH. It sees nothing but this file.
 * @throws CallsignError `ABORTED`, `AUDIO_INVALID`, `AUDIO_UNSUPPORTED` without ffmpeg
 */
export async function* decodeWithFfmpeg(
  reader: ByteReader,
  { format, path, notes, signal }: FfmpegOptions,
): AsyncGenerator<AudioBlock, void, undefined> {
  if (path !== undefined || !NEEDS_SEEKING.has(format.demuxer)) {
    yield* runFfmpeg(reader, { format, path, notes, signal });
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "callsign-ffmpeg-"));
  try {
    const copy = join(folder, "audio");
    await pipeline(reader.rest(), createWriteStream(copy));
    yield* runFfmpeg(reader, { format, path: copy, notes, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Containers whose table of contents usually lies at the end. */
const NEEDS_SEEKING = new Set(["mp4", "mov"]);

async function* runFfmpeg(
  reader: ByteReader,
  { format, path, notes, signal }: FfmpegOptions,
): AsyncGenerator<AudioBlock, void, undefined> {
  const { name } = reader;
  const input = path === undefined ? "pipe:0" : `file:${path}`;
  const child = spawn("ffmpeg", [...BEFORE_INPUT, "-f", format.demuxer, "-i", input, ...BEHIND_INPUT], {
    stdio: [path === undefined ? "pipe" : "ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    if (complaints.length < MOST_COMPLAINTS) complaints += text;
  });
  const ended = new Promise<{ code: number | null; error?: NodeJS.ErrnoException }>((resolve) => {
    child.once("error", (error) => resolve({ code: null, error }));
    child.once("close", (code) => resolve({ code }));
  });
  // ffmpeg may end before it has read everything.
  if (child.stdin) pipeline(Readable.from(reader.rest()), child.stdin).catch(() => undefined);
  const output = new ByteReader(streamSource(child.stdout!, name), { signal });
  let hasAudio = false;
  try {
    if ((await output.fill(1)).length > 0)
      for await (const block of decodeWav(output, notes)) {
        hasAudio ||= block.samples.length > 0;
        yield block;
      }
    const { code, error } = await ended;
    if (error?.code === "ENOENT") throw missing(name, format);
    const reason = (error?.message ?? complaints).replaceAll(/\s+/g, " ").trim().slice(0, 300);
    if (!hasAudio)
      throw new CallsignError(
        "AUDIO_INVALID",
        `${name}: ${format.title}: ffmpeg decoded no audio: ${reason}`,
      );
    if (code !== 0 || reason !== "") notes.add("damaged", `ffmpeg: ${reason || `exit code ${code}`}`);
  } finally {
    output.close();
    child.kill("SIGKILL");
    await ended;
  }
}

/** No questions, no network, no other options than these. */
const BEFORE_INPUT = ["-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe"];

/** WAV, whose header tells rate and channels, of float samples, which are exact for every integer up to 24 bits. */
const BEHIND_INPUT = ["-map", "0:a:0", "-map_metadata", "-1", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"];

/** Characters of its messages that are kept. */
const MOST_COMPLAINTS = 4096;

const missing = (name: string, { title }: ForeignFormat): CallsignError =>
  new CallsignError(
    "AUDIO_UNSUPPORTED",
    `${name}: ${title}: this is read through the program ffmpeg, which is not on the PATH; ` +
      "install it (apt install ffmpeg, brew install ffmpeg) or convert the file to WAV or FLAC",
  );
