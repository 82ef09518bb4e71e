import type { AudioNotes } from "../../audio/audio-notes.ts";
import { CallsignError } from "../../errors.ts";
import type { ByteReader } from "./byte-reader.ts";

/** The facts of a FLAC file's first metadata block. (RFC 9639, 8.2) */
export interface FlacStreamInfo {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bits: number;
  /** Samples of each channel; 0 means unknown. */
  readonly totalSamples: number;
  /** A file's mark with this block alone, to which frame headers may refer; undefined where it is missing. */
  readonly head?: Uint8Array;
}

/** Reads the 34 bytes of STREAMINFO. `byte` is where they lie, for messages. @throws CallsignError `AUDIO_INVALID` */
export function parseStreamInfo(
  block: Uint8Array,
  { name, byte }: { readonly name: string; readonly byte: number },
): FlacStreamInfo {
  if (block.length < 34)
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: STREAMINFO at byte ${byte} has ${block.length} bytes, expected 34`,
    );
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  // 20 bits of rate, 3 of channels - 1, 5 of bits - 1, 36 of samples, from byte 10 on.
  const packed = view.getUint32(10);
  const sampleRateHz = packed >>> 12;
  if (sampleRateHz === 0)
    throw new CallsignError("AUDIO_INVALID", `${name}: STREAMINFO at byte ${byte}: a sample rate of 0 Hz`);
  return {
    sampleRateHz,
    channels: ((packed >>> 9) & 7) + 1,
    bits: ((packed >>> 4) & 31) + 1,
    totalSamples: (packed & 15) * 2 ** 32 + view.getUint32(14),
    head: Uint8Array.of(0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34, ...block.subarray(0, 34)),
  };
}

/** Whether a FLAC file begins here: its mark and STREAMINFO, the first metadata block. */
export function startsFlac(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x66 &&
    bytes[1] === 0x4c &&
    bytes[2] === 0x61 &&
    bytes[3] === 0x43 &&
    (bytes[4]! & 127) === 0
  );
}

/** Reads from `fLaC` up to the first frame. @throws CallsignError `AUDIO_INVALID`, `AUDIO_TRUNCATED` */
export async function readFlacMetadata(reader: ByteReader, notes: AudioNotes): Promise<FlacStreamInfo> {
  const { name, position } = reader;
  const head = await reader.fill(4 + 4 + 34);
  const length = Math.min(34, threeBytes(head, 5));
  if (head.length < 8 + length)
    throw new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: the file ends in FLAC metadata, at byte ${position + head.length}`,
    );
  const info = parseStreamInfo(head.subarray(8, 8 + length), { name, byte: position + 8 });
  await reader.skip(4);
  for (;;) {
    const block = await reader.fill(4);
    const blockLength = 4 + threeBytes(block, 1);
    if (block.length < 4) return info;
    if (blockLength > (reader.length ?? Infinity) - reader.position) {
      notes.add(
        "header",
        `the FLAC metadata block at byte ${reader.position} claims ${blockLength} bytes, the file has fewer; it was not read`,
      );
      return info;
    }
    const isLast = block[0]! >= 128;
    await reader.skip(blockLength);
    if (isLast) return info;
  }
}

const threeBytes = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) * 65536 + (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0);
