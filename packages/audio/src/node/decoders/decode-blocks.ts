import type { AudioBlock } from "../../samples/audio.ts";
import type { AudioNotes } from "../../samples/audio-notes.ts";
import { CallsignError } from "../../errors.ts";
import type { DecodeAudio } from "./decode-audio.ts";
import { detectAudioFormat } from "./audio-format.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import { decodeFlac } from "./flac/decode-flac.ts";
import { decodeMp3 } from "./mpeg/decode-mp3.ts";
import { decodeOgg } from "./ogg/decode-ogg.ts";
import { decodeWav } from "./decode-wav.ts";
import { decodeWithFfmpeg } from "./decode-with-ffmpeg.ts";

const DECODERS: Readonly<Record<"flac" | "mp3" | "ogg" | "wav", DecodeAudio>> = {
  flac: decodeFlac,
  mp3: decodeMp3,
  ogg: decodeOgg,
  wav: decodeWav,
};

/** Decodes audio of any supported format. */
export async function* decodeBlocks(
  source: ByteSource,
  options: {
    readonly notes: AudioNotes;
    readonly signal: AbortSignal | undefined;
    /** Rate that the audio will be resampled to. */
    readonly sampleRateHz: number;
  },
): AsyncGenerator<AudioBlock, void, undefined> {
  const { notes, signal } = options;
  const reader = new ByteReader(source, { signal });
  try {
    const format = await detectAudioFormat(reader);
    if (typeof format !== "string") {
      yield* decodeWithFfmpeg(reader, { format, path: source.path, notes, signal });
      return;
    }
    try {
      yield* DECODERS[format](reader, notes, options);
    } catch (error) {
      // WAV and Ogg may contain other codecs, which ffmpeg decodes; a pipe cannot be reread from its start.
      const isForeign = error instanceof CallsignError && error.code === "AUDIO_UNSUPPORTED";
      if (!isForeign || source.length === undefined || !(format === "wav" || format === "ogg")) throw error;
      const title = error.message.slice(source.name.length + 2).split(";")[0]!;
      const foreign = { format: { title, demuxer: format }, path: source.path, notes, signal };
      yield* decodeWithFfmpeg(new ByteReader(source, { signal }), foreign);
    }
  } finally {
    reader.close();
  }
}
