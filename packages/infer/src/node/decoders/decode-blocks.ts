import type { AudioBlock } from "../../audio/audio.ts";
import type { AudioNotes } from "../../audio/audio-notes.ts";
import { CallsignError } from "../../errors.ts";
import { detectAudioFormat } from "./audio-format.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ByteSource } from "./byte-source.ts";
import { decodeFlac } from "./decode-flac.ts";
import { decodeMp3 } from "./decode-mp3.ts";
import { decodeOgg } from "./decode-ogg.ts";
import { decodeWav } from "./decode-wav.ts";
import { decodeWithFfmpeg } from "./decode-with-ffmpeg.ts";

const DECODERS = { flac: decodeFlac, mp3: decodeMp3, ogg: decodeOgg, wav: decodeWav };

/** Decodes whichever format the bytes hold. */
export async function* decodeBlocks(
  source: ByteSource,
  { notes, signal }: { readonly notes: AudioNotes; readonly signal: AbortSignal | undefined },
): AsyncGenerator<AudioBlock, void, undefined> {
  const reader = new ByteReader(source, { signal });
  try {
    const format = await detectAudioFormat(reader);
    if (typeof format !== "string") {
      yield* decodeWithFfmpeg(reader, { format, path: source.path, notes, signal });
      return;
    }
    try {
      yield* DECODERS[format](reader, notes);
    } catch (error) {
      // WAV and Ogg can hold codecs that are not decoded here. A pipe cannot be read from its start again.
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
