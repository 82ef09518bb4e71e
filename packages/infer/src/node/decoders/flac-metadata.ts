import { CallsignError } from "../../errors.ts";
import type { ByteReader } from "./byte-reader.ts";

/** The facts of a FLAC file's first metadata block. (RFC 9639, 8.2) */
export interface FlacStreamInfo {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bits: number;
  /** Samples of each channel; 0 means unknown. */
  readonly totalSamples: number;
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
  };
}

/** Reads from `fLaC` up to the first frame. @throws CallsignError `AUDIO_INVALID`, `AUDIO_TRUNCATED` */
export async function readFlacMetadata(reader: ByteReader): Promise<FlacStreamInfo> {
  const { name } = reader;
  reader.skip(4);
  let info: FlacStreamInfo | undefined;
  for (;;) {
    const head = await reader.fill(4 + 34);
    const byte = reader.position;
    if (head.length < 4)
      throw new CallsignError(
        "AUDIO_TRUNCATED",
        `${name}: the file ends in FLAC metadata, at byte ${reader.length}`,
      );
    const type = head[0]! & 127;
    const length = head[1]! * 65536 + head[2]! * 256 + head[3]!;
    const left = reader.length - byte - 4;
    if (length > left)
      throw new CallsignError(
        "AUDIO_TRUNCATED",
        `${name}: the FLAC metadata block at byte ${byte} claims ${length} bytes, the file has ${left} left`,
      );
    if (info === undefined) {
      if (type !== 0)
        throw new CallsignError(
          "AUDIO_INVALID",
          `${name}: expected STREAMINFO at byte ${byte}, got block type ${type}`,
        );
      info = parseStreamInfo(head.subarray(4, 4 + Math.min(length, 34)), { name, byte });
    }
    const isLast = head[0]! >= 128;
    reader.skip(4 + length);
    if (isLast) return info;
  }
}
