import type { Decoder } from "./call-decoder.ts";

/** A codec inside Ogg, as its first packet describes it. */
export interface OggCodec {
  readonly sampleRateHz: number;
  readonly expectedSamples?: number;
  /** Samples to drop at the start, which granules count too. */
  readonly preSkip: number;
  createDecoder(): Promise<OggDecoder>;
}

/** Decodes one logical stream. */
export interface OggDecoder extends Pick<Decoder, "free"> {
  /** Channels at unit scale of consecutive packets, not trimmed, and how many packets could not be decoded. */
  decode(packets: readonly Uint8Array[]): Promise<OggDecoded>;
}

interface OggDecoded {
  readonly channels: readonly Float32Array[];
  readonly failed: number;
}

/** Where a codec's first packet lies, for messages. */
export interface OggPlace {
  readonly name: string;
  readonly byte: number;
}

/** More channels than any microphone or film has would only serve to fill memory. */
export const MOST_CHANNELS = 8;
