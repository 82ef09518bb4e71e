import type { Decoder } from "../call-decoder.ts";

/** Codec of an Ogg stream, from its first packet. */
export interface OggCodec {
  readonly sampleRateHz: number;
  readonly expectedSamples?: number;
  /** Samples to drop at the start, which are included in granule positions. */
  readonly preSkip: number;
  createDecoder(): Promise<OggDecoder>;
}

/** Decoder of one logical stream. */
export interface OggDecoder extends Pick<Decoder, "free"> {
  /** Channels of consecutive packets, scaled to -1..1 and not trimmed, and the number of packets that failed. */
  decode(packets: readonly Uint8Array[]): Promise<OggDecoded>;
}

interface OggDecoded {
  readonly channels: readonly Float32Array[];
  readonly failed: number;
}

/** Position of a codec's first packet, for messages. */
export interface OggPlace {
  readonly name: string;
  readonly byte: number;
}

/** Most channels decoded, which bounds the memory for hostile files. */
export const MAX_CHANNELS = 8;
