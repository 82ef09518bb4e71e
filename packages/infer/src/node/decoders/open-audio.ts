import { detectAudioFormat } from "./audio-format.ts";
import type { ByteSource } from "./byte-source.ts";
import { decodeFlac } from "./decode-flac.ts";
import { decodeMp3 } from "./decode-mp3.ts";
import { decodeOgg } from "./decode-ogg.ts";
import { decodeWav } from "./decode-wav.ts";
import type { PcmStream } from "./pcm-stream.ts";

const DECODERS = { flac: decodeFlac, mp3: decodeMp3, ogg: decodeOgg, wav: decodeWav };

/** Begins to decode whichever format the bytes hold. */
export async function openAudio(source: ByteSource): Promise<PcmStream> {
  return DECODERS[await detectAudioFormat(source)](source);
}
