import type { Decoder } from "../call-decoder.ts";

/** Codec of an Ogg stream, from its first packet. */
export interface OggCodec {
  readonly sampleRateHz: number;
  readonly expectedSamples?: number;
  /** Granule positions and `preSkip` are counted at this rate. */
  readonly granuleRateHz: number;
  /** Granules to drop at the start, which are included in granule positions. */
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

/** Position of a codec's first packet, for messages, and the rate that the audio will be resampled to. */
export interface OggPlace {
  readonly name: string;
  readonly byte: number;
  readonly wantedRateHz: number;
}

/** Most channels decoded, which bounds the memory for hostile files. */
export const MAX_CHANNELS = 8;
