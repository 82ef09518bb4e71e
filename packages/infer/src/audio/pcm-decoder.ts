import { CallsignError } from "../errors.ts";

/** How samples are written as bytes, little-endian; floats are -1 to 1. */
export const PCM_ENCODINGS = ["u8", "s16le", "s24le", "s32le", "f32le"] as const;

export type PcmEncoding = (typeof PCM_ENCODINGS)[number];

/**
 * Bytes of interleaved samples, cut anywhere, to mono samples in int16 magnitudes: what a stream's bytes decode to does
 * not depend on how they were cut. Several channels are mixed by their mean.
 */
export class PcmDecoder {
  readonly #encoding: PcmEncoding;
  readonly #channels: number;
  readonly #frameBytes: number;
  /** Bytes of a frame whose end has not come yet. */
  #rest = new Uint8Array(0);

  /** @throws CallsignError `INVALID_ARGUMENT` */
  constructor(options: { readonly encoding: PcmEncoding; readonly channels?: number }) {
    const { encoding, channels = 1 } = options;
    if (!PCM_ENCODINGS.includes(encoding))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `encoding: expected one of ${PCM_ENCODINGS.join(", ")}, got ${JSON.stringify(encoding)}`,
      );
    if (!Number.isInteger(channels) || channels < 1 || channels > MOST_CHANNELS)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `channels: expected an integer 1 to ${MOST_CHANNELS}, got ${channels}`,
      );
    this.#encoding = encoding;
    this.#channels = channels;
    this.#frameBytes = SAMPLE_BYTES[encoding] * channels;
  }

  /** The samples that these bytes complete; a new array. NaN and infinity pass through, for the detector to refuse. */
  decode(bytes: Uint8Array): Float32Array {
    const all = this.#rest.length === 0 ? bytes : join(this.#rest, bytes);
    const frames = Math.floor(all.length / this.#frameBytes);
    this.#rest = all.slice(frames * this.#frameBytes);
    const read = READERS[this.#encoding];
    const width = SAMPLE_BYTES[this.#encoding];
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const samples = new Float32Array(frames);
    for (let frame = 0, at = 0; frame < frames; frame++) {
      let sum = 0;
      for (let channel = 0; channel < this.#channels; channel++, at += width) sum += read(view, at);
      samples[frame] = sum / this.#channels;
    }
    return samples;
  }

  /** Drops the bytes of an unfinished frame: what comes next starts a frame. */
  reset(): void {
    this.#rest = new Uint8Array(0);
  }

  /** Bytes of an unfinished frame that are held. */
  get pendingBytes(): number {
    return this.#rest.length;
  }
}

const MOST_CHANNELS = 64;

const SAMPLE_BYTES = { u8: 1, s16le: 2, s24le: 3, s32le: 4, f32le: 4 } as const satisfies Record<
  PcmEncoding,
  number
>;

const READERS: Record<PcmEncoding, (view: DataView, at: number) => number> = {
  u8: (view, at) => (view.getUint8(at) - 128) * 256,
  s16le: (view, at) => view.getInt16(at, true),
  // The upper two bytes are the int16 value, the lowest its 256ths.
  s24le: (view, at) => view.getInt16(at + 1, true) + view.getUint8(at) / 256,
  s32le: (view, at) => view.getInt32(at, true) / 65_536,
  f32le: (view, at) => view.getFloat32(at, true) * 32_768,
};

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
