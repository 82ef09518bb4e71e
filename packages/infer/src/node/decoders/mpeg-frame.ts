import { tagLength } from "./file-tags.ts";

/** What a four-byte MPEG audio frame header says. (ISO 11172-3 2.4.2.3, ISO 13818-3) */
export interface MpegFrame {
  readonly sampleRateHz: number;
  /** Bytes, header included. */
  readonly length: number;
  /** Bits that no frame of a stream may change: version, layer and sampling frequency. */
  readonly kind: number;
}

/** No frame is longer: Layer II, 384 kbit/s at 32 kHz, padded. */
export const LONGEST_MPEG_FRAME = 1729;

/** Parses the header at `offset`; undefined where none lies there (free-format frames, whose length is unstated, included). */
export function parseMpegFrame(bytes: Uint8Array, offset: number): MpegFrame | undefined {
  if (offset + 4 > bytes.length || bytes[offset] !== 0xff) return undefined;
  const second = bytes[offset + 1]!;
  const third = bytes[offset + 2]!;
  if ((second & 0xe0) !== 0xe0) return undefined;
  // Version: 0 is MPEG 2.5, 1 reserved, 2 MPEG 2, 3 MPEG 1. Layer: 0 reserved, 1 is III, 2 is II, 3 is I.
  const version = (second >> 3) & 3;
  const layer = 4 - ((second >> 1) & 3);
  const rateIndex = (third >> 2) & 3;
  if (version === 1 || layer === 4 || rateIndex === 3) return undefined;
  const isMpeg1 = version === 3;
  const kilobits = (isMpeg1 ? MPEG1_KILOBITS : MPEG2_KILOBITS)[layer - 1]![third >> 4];
  if (kilobits === undefined || kilobits === 0) return undefined;
  const sampleRateHz = MPEG1_RATES[rateIndex]! / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const padding = (third >> 1) & 1;
  const length = frameLength({ layer, isMpeg1, bitRate: kilobits * 1000, sampleRateHz, padding });
  return { sampleRateHz, length, kind: (second & 0x1e) | ((third & 0x0c) << 8) };
}

/**
 * Place of the first of several frames in a row, -1 where there is none: random bytes often hold a single header. Two
 * suffice where the bytes end the file with or in the second, or a tag follows. With `kind` only such frames count.
 */
export function findMpegFrames(
  bytes: Uint8Array,
  {
    isEnd,
    from = 0,
    kind,
  }: { readonly isEnd: boolean; readonly from?: number; readonly kind?: number | undefined },
): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const first = parseMpegFrame(bytes, at);
    if (first === undefined || (kind !== undefined && first.kind !== kind)) continue;
    let end = at + first.length;
    let count = 1;
    for (; count < FRAMES_IN_A_ROW && end < bytes.length; count++) {
      const next = parseMpegFrame(bytes, end);
      if (next?.kind !== first.kind) break;
      end += next.length;
    }
    if (count === FRAMES_IN_A_ROW) return at;
    const isLast = isEnd && (end >= bytes.length || tagLength(bytes.subarray(end, end + 32)) > 0);
    if (isLast && (count > 1 || (at === 0 && end <= bytes.length))) return at;
  }
  return -1;
}

const FRAMES_IN_A_ROW = 4;

/**
 * Number of frames that follow the one at `offset`, which holds an encoder's information (Xing, LAME) and no audio, as
 * the first of a file may; 0 where it does not tell, undefined where it is an ordinary frame.
 */
export function countInfoFrames(bytes: Uint8Array, offset: number): number | undefined {
  // Behind the header and the side information, whose length depends on version and channels.
  const at = [13, 21, 36].map((length) => offset + length).find((place) => isInfoMark(bytes, place));
  if (at === undefined) return undefined;
  const hasCount = (bytes[at + 7]! & 1) !== 0;
  return hasCount && at + 12 <= bytes.length
    ? new DataView(bytes.buffer, bytes.byteOffset + at + 8).getUint32(0)
    : 0;
}

const isInfoMark = (bytes: Uint8Array, at: number): boolean =>
  ["Xing", "Info"].includes(String.fromCharCode(...bytes.subarray(at, at + 4)));

function frameLength(frame: {
  layer: number;
  isMpeg1: boolean;
  bitRate: number;
  sampleRateHz: number;
  padding: number;
}): number {
  const { layer, isMpeg1, bitRate, sampleRateHz, padding } = frame;
  if (layer === 1) return (Math.floor((12 * bitRate) / sampleRateHz) + padding) * 4;
  const samplesPer8Bits = layer === 3 && !isMpeg1 ? 72 : 144;
  return Math.floor((samplesPer8Bits * bitRate) / sampleRateHz) + padding;
}

const MPEG1_RATES = [44100, 48000, 32000];

/** Kilobits a second by bit-rate index, layers I, II, III; 0 is free format, 15 forbidden. (ISO 11172-3 2.4.2.3) */
const MPEG1_KILOBITS = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];

/** The same for the low sampling frequencies. (ISO 13818-3 2.4.2.3) */
const MPEG2_KILOBITS = [
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
