import {
  callDecoder,
  createDecoder,
  type Decoder,
  type DecoderResult,
  freeDecoder,
} from "../call-decoder.ts";
import type { FlacStreamInfo } from "./metadata.ts";

/** Frame, or bytes that may be one. */
interface Frame {
  readonly bytes: Uint8Array;
  readonly header: { readonly blockSize: number; readonly channels: number };
}

/**
 * Decodes FLAC frames with libFLAC. libFLAC expects consecutive frame numbers and rejects intact frames after missing ones or at
 * the start of another file, so its decoder is replaced after every error.
 */
export class FlacDecoder {
  #decoder: (Decoder & { decodeFrames(frames: Uint8Array[]): Promise<DecoderResult> }) | undefined;

  /**
   * Channels scaled to -1..1; undefined if a frame could not be decoded. libFLAC's wrapper divides by the largest sample (32767
   * for 16 bits) instead of full scale, which is corrected exactly.
   */
  async decode(
    frames: readonly Frame[],
    { bits, head }: Pick<FlacStreamInfo, "bits" | "head">,
  ): Promise<readonly Float32Array[] | undefined> {
    const isNew = this.#decoder === undefined;
    this.#decoder ??= await createDecoder(
      () => import("@wasm-audio-decoders/flac"),
      ({ FLACDecoder }) => new FLACDecoder(),
      "@wasm-audio-decoders/flac",
    );
    const decoder = this.#decoder;
    const packets = frames.map(({ bytes }) => bytes);
    if (isNew && head !== undefined) packets.unshift(head);
    const { channels, error } = await callDecoder(() => decoder.decodeFrames(packets));
    const expected = frames.reduce((sum, { header }) => sum + header.blockSize, 0);
    if (error !== undefined || channels[0]?.length !== expected) {
      this.free();
      return undefined;
    }
    const fullScale = 2 ** (bits - 1);
    for (const channel of channels)
      for (let i = 0; i < channel.length; i++)
        channel[i] = Math.round(channel[i]! * (fullScale - 1)) / fullScale;
    return channels;
  }

  free(): void {
    if (this.#decoder !== undefined) freeDecoder(this.#decoder);
    this.#decoder = undefined;
  }
}
