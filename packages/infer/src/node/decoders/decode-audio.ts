import type { AudioBlock } from "../../audio/audio.ts";
import type { AudioNotes } from "../../audio/audio-notes.ts";
import type { ByteReader } from "./byte-reader.ts";

/**
 * Decodes one format: mono at int16 magnitudes, in blocks of bounded length. The rate may change from one block to the
 * next where files were strung together. Damage is skipped and noted; what cannot be decoded at all yields no block.
 */
export type DecodeAudio = (
  reader: ByteReader,
  notes: AudioNotes,
) => AsyncGenerator<AudioBlock, void, undefined>;
