import { CallsignError } from "../../errors.ts";
import type { ByteSource } from "./byte-source.ts";
import { mp3TagLength } from "./mp3-tag.ts";
import { parseMpegFrame } from "./mpeg-frame.ts";

export type AudioFormat = "flac" | "mp3" | "ogg" | "wav";

/**
 * Tells an audio file's format by its content; its name plays no part.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_INVALID`, `AUDIO_UNSUPPORTED`
 */
export async function detectAudioFormat(source: ByteSource): Promise<AudioFormat> {
  const { name } = source;
  if (source.length === 0)
    throw new CallsignError("AUDIO_EMPTY", `${name}: expected an audio file, got 0 bytes`);
  const head = await source.read(0, 64);
  const text = latin1(head);
  if (/^(RIFF|RF64|BW64|RIFX)/.test(text)) return "wav";
  if (text.startsWith("OggS")) return "ogg";
  // Encoders put ID3 tags before MP3 and some before FLAC.
  const tag = mp3TagLength(head);
  const begin = tag === 0 ? head : await source.read(tag, 64);
  if (latin1(begin).startsWith("fLaC")) return "flac";
  if (tag > 0 || (await isMpeg(source))) return "mp3";
  const other = OTHER_FORMATS.find(([pattern]) => pattern.test(text));
  if (other !== undefined)
    throw new CallsignError(
      "AUDIO_UNSUPPORTED",
      `${name}: ${other[1]} is not read; convert it to WAV, FLAC, MP3 or Ogg`,
    );
  throw new CallsignError(
    "AUDIO_INVALID",
    `${name}: expected WAV, FLAC, MP3 or Ogg, got ${source.length} bytes that begin with ${describe(head)}`,
  );
}

/** Two frames in a row of the same kind, or one that the file ends in or with: random bytes hold single headers often. */
async function isMpeg(source: ByteSource): Promise<boolean> {
  const bytes = await source.read(0, 4096);
  const first = parseMpegFrame(bytes, 0);
  if (first === undefined) return false;
  if (first.length >= source.length) return true;
  return (
    parseMpegFrame(bytes, first.length)?.kind === first.kind || mp3TagLength(bytes.subarray(first.length)) > 0
  );
}

const OTHER_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^FORM....AIF[FC]/s, "AIFF"],
  [/^....ftyp/s, "MP4, M4A or AAC"],
  [/^\u00FF[\u00F0\u00F1\u00F8\u00F9]/, "AAC (ADTS)"],
  [/^.E\u00DF\u00A3/s, "WebM or Matroska"],
  [/^caff/, "Core Audio (CAF)"],
  [/^\.snd/, "Sun AU"],
  [/^#!AMR/, "AMR"],
  [/^0&\u00B2u/, "Windows Media"],
  [/^riff/, "Wave64"],
  [/^MThd/, "MIDI"],
];

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function describe(head: Uint8Array): string {
  const first = head.subarray(0, 8);
  const hex = Array.from(first, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const isText = first.every((byte) => byte >= 32 && byte < 127);
  return isText ? `${hex} (${JSON.stringify(latin1(first))})` : hex;
}
