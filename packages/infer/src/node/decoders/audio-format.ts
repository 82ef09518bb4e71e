import { CallsignError } from "../../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { parseFlacFrameHeader } from "./flac-frame.ts";
import { tagLength } from "./file-tags.ts";
import { findMpegFrames } from "./mpeg-frame.ts";

/** What an audio file is: a format decoded here, or one that ffmpeg decodes. */
export type AudioFormat = "flac" | "mp3" | "ogg" | "wav" | ForeignFormat;

export interface ForeignFormat {
  /** For messages. */
  readonly title: string;
  /** ffmpeg's name of the container. Naming it keeps a file from being taken for a playlist of other files. */
  readonly demuxer: string;
}

/**
 * Tells an audio file's format by its first bytes; its name plays no part. Nothing is skipped.
 * @throws CallsignError `AUDIO_EMPTY`, `AUDIO_INVALID`
 */
export async function detectAudioFormat(reader: ByteReader): Promise<AudioFormat> {
  const { name } = reader;
  const head = (await reader.fill(HEAD_LENGTH)).subarray(0, HEAD_LENGTH);
  if (head.length === 0)
    throw new CallsignError("AUDIO_EMPTY", `${name}: expected an audio file, got 0 bytes`);
  const text = latin1(head);
  if (/^(RIFF....AVI |RIFF....AVIX)/s.test(text)) return { title: "AVI", demuxer: "avi" };
  if (/^(RIFF|RF64|BW64|RIFX)/.test(text)) return "wav";
  const foreign = FOREIGN_FORMATS.find(([pattern]) => pattern.test(text));
  if (foreign !== undefined) return { title: foreign[1], demuxer: foreign[2] };
  // Encoders put ID3 tags before MP3 and some before FLAC and Ogg.
  const tag = Math.min(tagLength(head), MOST_TAG_BYTES);
  const bytes = await reader.fill(tag + SEARCHED_BYTES);
  // A tag that claims more than there is is none.
  const afterTag = bytes.subarray(tag < bytes.length ? tag : 0).subarray(0, SEARCHED_BYTES);
  const begin = latin1(afterTag.subarray(0, 4));
  if (begin === "OggS") return "ogg";
  if (begin === "fLaC") return "flac";
  if (findMpegFrames(afterTag, { isEnd: afterTag.length < SEARCHED_BYTES }) >= 0) return "mp3";
  // Behind zeros or junk, as after a broken download.
  const searched = latin1(afterTag);
  if (searched.includes("OggS\0")) return "ogg";
  if (searched.includes("fLaC\0\0\0\u0022")) return "flac";
  if (findFlacFrame(afterTag)) return "flac";
  throw new CallsignError(
    "AUDIO_INVALID",
    `${name}: expected WAV, FLAC, MP3, Ogg or a format of ffmpeg's, got ${reader.length ?? head.length} bytes ` +
      `that begin with ${describe(head)}`,
  );
}

/** Whether one of FLAC's frames begins somewhere, as in a file whose beginning is missing. */
function findFlacFrame(bytes: Uint8Array): boolean {
  let at = bytes.indexOf(0xff);
  while (at >= 0 && parseFlacFrameHeader(bytes, at) === undefined) at = bytes.indexOf(0xff, at + 1);
  return at >= 0;
}

const HEAD_LENGTH = 64;

/** A tag may hold pictures; a longer one than this is damage. */
const MOST_TAG_BYTES = 2 ** 25;

/** Bytes among which the first frame is looked for. */
const SEARCHED_BYTES = 2 ** 17;

const FOREIGN_FORMATS: readonly (readonly [RegExp, string, string])[] = [
  [/^....ftyp/s, "MP4 or M4A (AAC, ALAC or video)", "mp4"],
  [/^....(moov|mdat|wide|free|skip)/s, "QuickTime", "mov"],
  [/^.E\u00DF\u00A3/s, "WebM or Matroska", "matroska"],
  [/^\u00FF[\u00F0\u00F1\u00F8\u00F9]/, "AAC (ADTS)", "aac"],
  [/^FORM....AIF[FC]/s, "AIFF", "aiff"],
  [/^caff/, "Core Audio (CAF)", "caf"],
  [/^\.snd/, "Sun AU", "au"],
  [/^#!AMR/, "AMR", "amr"],
  [/^0&\u00B2u/, "Windows Media", "asf"],
  [/^riff/, "Wave64", "w64"],
  [/^FLV/, "Flash video", "flv"],
  [/^wvpk/, "WavPack", "wv"],
  [/^MAC /, "Monkey's Audio", "ape"],
  [/^TTA1/, "True Audio", "tta"],
];

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function describe(head: Uint8Array): string {
  const first = head.subarray(0, 8);
  const hex = Array.from(first, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const isText = first.every((byte) => byte >= 32 && byte < 127);
  return isText ? `${hex} (${JSON.stringify(latin1(first))})` : hex;
}
