import { callDecoder, createDecoder, type Decoder, type DecoderResult, freeDecoder } from "./call-decoder.ts";
import { mixChannels } from "./pcm-stream.ts";

/** A libFLAC decoder. */
export interface FlacDecoder extends Decoder {
  decodeFrames(frames: Uint8Array[]): Promise<DecoderResult>;
}

/**
 * Takes the decoder that lies ready, or makes one: that takes 2 ms, longer than a short clip takes to decode, and frames
 * do not depend on each other, so that nothing of one file can reach the next.
 */
export async function takeFlacDecoder(): Promise<FlacDecoder> {
  const ready = idle;
  idle = undefined;
  return ready ?? createFlacDecoder();
}

/** Puts a decoder by for the next file; only one that has not failed. */
export function keepFlacDecoder(decoder: FlacDecoder): void {
  if (idle === undefined) idle = decoder;
  else freeDecoder(decoder);
}

let idle: FlacDecoder | undefined;

function createFlacDecoder(): Promise<FlacDecoder> {
  return createDecoder(
    () => import("@wasm-audio-decoders/flac"),
    ({ FLACDecoder }) => new FLACDecoder(),
    "@wasm-audio-decoders/flac",
  );
}

/**
 * Decodes whole frames to mono at int16 magnitudes, exactly: libFLAC's wrapper divides by the largest sample (32767
 * for 16 bits) and not by full scale, which is undone here. @throws CallsignError `AUDIO_INVALID`
 */
export async function decodeFlacFrames(
  decoder: FlacDecoder,
  frames: Uint8Array[],
  { bits, ...place }: { readonly name: string; readonly byte: number; readonly bits: number },
): Promise<Float32Array> {
  const channels = await callDecoder(() => decoder.decodeFrames(frames), place);
  const fullScale = 2 ** (bits - 1);
  for (const channel of channels)
    for (let i = 0; i < channel.length; i++)
      channel[i] = Math.round(channel[i]! * (fullScale - 1)) / fullScale;
  return mixChannels(channels, place);
}
