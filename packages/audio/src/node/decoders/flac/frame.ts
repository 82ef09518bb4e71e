import { CRC8, updateCrc } from "../crc.ts";

/** FLAC frame header. (RFC 9639, 9.1) */
export interface FlacFrameHeader {
  /** Length of the header in bytes. */
  readonly length: number;
  /** Samples per channel. */
  readonly blockSize: number;
  /** Undefined, like `bits`, if the header refers to STREAMINFO. */
  readonly sampleRateHz: number | undefined;
  readonly bits: number | undefined;
  readonly channels: number;
}

/** Longest header: 4 bytes, frame number 7, block size 2, sample rate 2, check 1. */
export const LONGEST_FLAC_HEADER = 16;

/** Parses the frame header at `offset`; undefined if there is none or its check fails. */
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

/** Length of the frame number, coded like UTF-8 with up to 7 bytes; 0 for an invalid first byte. */
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
