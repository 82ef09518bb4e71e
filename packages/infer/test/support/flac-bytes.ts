import { joinBytes } from "../audio/wav-bytes.ts";
import { CRC16, CRC8, updateCrc } from "../../src/node/decoders/crc.ts";

export interface FlacFields {
  readonly blockSize: number;
  readonly channels?: number;
  readonly sampleRateHz?: number;
  /** Interleaved samples of 16 bits. */
  readonly samples: Int16Array;
  /** What the header promises for each channel; the truth where left out. */
  readonly totalSamples?: number;
}

/** Mark and metadata of a FLAC file, and its frames, uncompressed (RFC 9639), whose last may be shorter. */
export function flacParts(fields: FlacFields): Uint8Array[] {
  const { blockSize, channels = 1, sampleRateHz = 16_000, samples } = fields;
  const length = samples.length / channels;
  const head = new Uint8Array(42);
  head.set([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34]);
  const view = new DataView(head.buffer);
  view.setUint16(8, blockSize);
  view.setUint16(10, blockSize);
  view.setUint32(18, sampleRateHz * 4096 + (channels - 1) * 512 + 15 * 16);
  view.setUint32(22, fields.totalSamples ?? length);
  const parts: Uint8Array[] = [head];
  for (let first = 0; first < length; first += blockSize)
    parts.push(
      frame(samples.subarray(first * channels, (first + blockSize) * channels), {
        channels,
        number: first / blockSize,
      }),
    );
  return parts;
}

export const flacBytes = (fields: FlacFields): Uint8Array => joinBytes(flacParts(fields));

function frame(
  samples: Int16Array,
  { channels, number }: { readonly channels: number; readonly number: number },
): Uint8Array {
  const length = samples.length / channels;
  // Sync, fixed block size; block size in 16 bits at the end, rate as in STREAMINFO; channels, 16 bits; frame number.
  const numbered = number < 128 ? [number] : [0xc0 | (number >> 6), 0x80 | (number & 63)];
  const head = [
    0xff,
    0xf8,
    0x70,
    ((channels - 1) << 4) | 8,
    ...numbered,
    (length - 1) >> 8,
    (length - 1) & 255,
  ];
  const bytes = [...head, updateCrc(CRC8, Uint8Array.from(head)) >>> 24];
  for (let channel = 0; channel < channels; channel++) {
    // Subframe of verbatim samples.
    bytes.push(2);
    for (let i = 0; i < length; i++) {
      const sample = samples[i * channels + channel]!;
      bytes.push((sample >> 8) & 255, sample & 255);
    }
  }
  const check = updateCrc(CRC16, Uint8Array.from(bytes)) >>> 16;
  return Uint8Array.from([...bytes, check >> 8, check & 255]);
}
