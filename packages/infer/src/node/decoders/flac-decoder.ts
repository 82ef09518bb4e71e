import { callDecoder, createDecoder, type Decoder, type DecoderResult, freeDecoder } from "./call-decoder.ts";
import type { FlacStreamInfo } from "./flac-metadata.ts";

/** A frame, or what may be one, for libFLAC. */
interface Frame {
  readonly bytes: Uint8Array;
  readonly header: { readonly blockSize: number; readonly channels: number };
}

/**
 * Decodes FLAC frames with libFLAC. One instance serves one stream and is replaced after every error: libFLAC expects
 * consecutive frame numbers, and refuses sound frames where some are missing or another file follows.
 */
export class FlacDecoder {
  #decoder: (Decoder & { decodeFrames(frames: Uint8Array[]): Promise<DecoderResult> }) | undefined;

  /**
   * Channels at unit scale, exactly: libFLAC's wrapper divides by the largest sample (32767 for 16 bits) and not by full
   * scale, which is undone here. Undefined where not all frames could be decoded.
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
