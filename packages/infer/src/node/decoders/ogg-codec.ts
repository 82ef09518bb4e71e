import type { Decoder } from "./call-decoder.ts";
import type { OggPage } from "./ogg-page.ts";

/** A codec inside Ogg, as its first packet describes it. */
export interface OggCodec {
  readonly sampleRateHz: number;
  readonly expectedSamples?: number;
  /** Samples to drop at the start, which granules count too. */
  readonly preSkip: number;
  createDecoder(): Promise<OggDecoder>;
}

/** Decodes one logical stream. */
interface OggDecoder extends Decoder {
  /** Mono samples of the packets that end on this page, given with it. Not trimmed. */
  decode(page: OggPage, packets: readonly Uint8Array[]): Promise<Float32Array>;
}

/** Where a codec's first packet lies, for messages. */
export interface OggPlace {
  readonly name: string;
  readonly byte: number;
}

/** More channels than any microphone or film has would only serve to fill memory. */
export const MOST_CHANNELS = 8;
