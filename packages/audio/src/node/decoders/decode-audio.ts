import type { AudioBlock } from "../../samples/audio.ts";
import type { AudioNotes } from "../../samples/audio-notes.ts";
import type { ByteReader } from "./byte-reader.ts";

/**
 * Decoder of one format: yields mono audio in -1..1, in blocks of bounded length. The sample rate may change between
 * blocks of concatenated files. Damage is skipped and noted; a file that cannot be decoded yields no block.
 * @param options.sampleRateHz rate that the audio will be resampled to; a codec that can decode to a lower rate than its own
 * does, not below this one
 */
export type DecodeAudio = (
  reader: ByteReader,
  notes: AudioNotes,
  options: { readonly sampleRateHz: number },
) => AsyncGenerator<AudioBlock, void, undefined>;
