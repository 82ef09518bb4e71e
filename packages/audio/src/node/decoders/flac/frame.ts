import { CRC8, updateCrc } from "../crc.ts";

/** What a FLAC frame header says. (RFC 9639, 9.1) */
export interface FlacFrameHeader {
  /** Bytes of the header. */
  readonly length: number;
  /** Samples of each channel in the frame. */
  readonly blockSize: number;
  /** Undefined where the header refers to STREAMINFO; so for `bits`. */
  readonly sampleRateHz: number | undefined;
  readonly bits: number | undefined;
  readonly channels: number;
}

/** The longest header: 4 bytes, a number of 7, block size of 2, rate of 2, check. */
export const LONGEST_FLAC_HEADER = 16;

/** Parses the frame header at `offset`; undefined where none lies there or its check fails. */
export function parseFlacFrameHeader(bytes: Uint8Array, offset: number): FlacFrameHeader | undefined {
  if (offset + 6 > bytes.length || bytes[offset] !== 0xff || (bytes[offset + 1]! & 0xfe) !== 0xf8)
    return undefined;
  const sizeCode = bytes[offset + 2]! >> 4;
  const rateCode = bytes[offset + 2]! & 15;
  const channelCode = bytes[offset + 3]! >> 4;
  const bitsCode = (bytes[offset + 3]! >> 1) & 7;
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bitsCode === 3) return undefined;
  const numberLength = codedNumberLength(bytes[offset + 4]!);
  if (numberLength === 0) return undefined;
  let at = offset + 4 + numberLength;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 256 + (bytes[at++] ?? 0);
    return value;
  };
  const blockSize = sizeCode === 6 ? take(1) + 1 : sizeCode === 7 ? take(2) + 1 : codedBlockSize(sizeCode);
  const sampleRateHz = codedRate(rateCode, take);
  const length = at + 1 - offset;
  if (at >= bytes.length || updateCrc(CRC8, bytes.subarray(offset, at + 1)) !== 0) return undefined;
  return {
    length,
    blockSize,
    sampleRateHz,
    bits: BITS[bitsCode],
    channels: channelCode > 7 ? 2 : channelCode + 1,
  };
}

/** Length of the frame's number, coded like UTF-8 but up to 7 bytes; 0 where the first byte is no start. */
function codedNumberLength(first: number): number {
  const ones = Math.clz32(~(first << 24));
  return ones === 0 ? 1 : ones === 1 || ones > 7 ? 0 : ones;
}

function codedBlockSize(code: number): number {
  return code === 1 ? 192 : code < 6 ? 144 << code : 1 << code;
}

function codedRate(code: number, take: (count: number) => number): number | undefined {
  if (code === 12) return take(1) * 1000;
  if (code === 13) return take(2);
  if (code === 14) return take(2) * 10;
  return RATES[code];
}

const RATES = [undefined, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];
const BITS = [undefined, 8, 12, undefined, 16, 20, 24, 32];
