import type { AudioNotes } from "../../audio/audio-notes.ts";
import type { ByteReader } from "./byte-reader.ts";
import { CRC16 } from "./crc.ts";
import { skipJunk, skipTags, tagLength } from "./file-tags.ts";
import { type FlacFrameHeader, LONGEST_FLAC_HEADER, parseFlacFrameHeader } from "./flac-frame.ts";
import { type FlacStreamInfo, readFlacMetadata, startsFlac } from "./flac-metadata.ts";

/** A frame cut out of a stream. */
export interface FlacFrame {
  readonly header: FlacFrameHeader;
  readonly bytes: Uint8Array;
  /** Place in the file. */
  readonly byte: number;
  readonly info: FlacStreamInfo;
  /** Whether the check came out. Where it did not, the frame is damaged, cut off or followed by something unknown. */
  readonly isWhole: boolean;
  /** Bytes of damage at the end of a frame that is not whole, should it turn out to be sound. */
  readonly damage: number;
}

/**
 * Cuts FLAC streams, also several in a row, into frames. A frame does not state its length: it ends where its check
 * comes out and another header, a tag, zeros or the end of the file follow, found in one pass over the bytes. What is
 * no frame is skipped and noted.
 */
export async function* readFlacFrames(
  reader: ByteReader,
  notes: AudioNotes,
): AsyncGenerator<FlacFrame, void, undefined> {
  let info: FlacStreamInfo | undefined;
  for (;;) {
    await skipTags(reader, info === undefined ? undefined : notes);
    const head = await reader.fill(LONGEST_FLAC_HEADER);
    if (head.length === 0) return;
    if (startsFlac(head)) {
      info = await readFlacMetadata(reader, notes);
      continue;
    }
    const byte = reader.position;
    const header = parseFlacFrameHeader(head, 0);
    const expected = info ?? (header && infoOf(header));
    if (header === undefined || expected === undefined || !fits(header, expected)) {
      await skipDamage(reader, { info, notes });
      continue;
    }
    const { bytes, isWhole, damage } = await findFrame(reader, { header, info: expected });
    // Without STREAMINFO only a check that comes out tells a frame from bytes that look like a header.
    if (info === undefined && !isWhole) {
      await skipDamage(reader, { info, notes });
      continue;
    }
    info = expected;
    const frame = { header, bytes: bytes.slice(), byte, info, isWhole, damage };
    await reader.skip(bytes.length);
    yield frame;
  }
}

/** Of a stream whose beginning is missing. */
function infoOf({ sampleRateHz, channels, bits }: FlacFrameHeader): FlacStreamInfo | undefined {
  if (sampleRateHz === undefined || bits === undefined) return undefined;
  return { sampleRateHz, channels, bits, totalSamples: 0 };
}

interface Expected {
  readonly header: FlacFrameHeader;
  readonly info: FlacStreamInfo;
}

/** Bytes read on while a frame's end is sought. */
const STEP = 16384;

async function findFrame(
  reader: ByteReader,
  expected: Expected,
): Promise<Pick<FlacFrame, "bytes" | "damage" | "isWhole">> {
  const { blockSize, channels } = expected.header;
  // Twice the size that the samples would take uncompressed: no encoder makes more of them.
  const longest = 256 + 2 * blockSize * channels * Math.ceil((expected.info.bits + 1) / 8);
  const scan = new FrameScan(expected);
  for (let wanted = STEP; ; wanted += STEP) {
    const bytes = await reader.fill(wanted);
    const isEnd = bytes.length < wanted;
    const whole = scan.advance(bytes, isEnd);
    if (whole > 0) return { bytes: bytes.subarray(0, whole), isWhole: true, damage: 0 };
    if (isEnd || wanted > longest) {
      const { nextHeader, end } = scan;
      const length = nextHeader ?? Math.min(bytes.length, longest);
      const damage = nextHeader === undefined || end === undefined ? 0 : nextHeader - end;
      return { bytes: bytes.subarray(0, length), isWhole: false, damage };
    }
  }
}

/** Looks for the end of the frame at the start of a growing buffer. */
class FrameScan {
  /** Place of the first header that came by although the check had not come out: the frame is damaged, or it is none. */
  nextHeader: number | undefined;
  /** The first place where the check came out, whatever followed. */
  end: number | undefined;
  readonly #expected: Expected;
  #at = 0;
  #crc = 0;

  constructor(expected: Expected) {
    this.#expected = expected;
  }

  /** Length of the frame, or 0 where it goes on beyond `bytes`, which must be those of before and more. */
  advance(bytes: Uint8Array, isEnd: boolean): number {
    const { table } = CRC16;
    const shortest = this.#expected.header.length + 3;
    // What follows must lie in the buffer to be seen.
    const end = isEnd ? bytes.length : bytes.length - LONGEST_FLAC_HEADER;
    let crc = this.#crc;
    let at = this.#at;
    for (; at < end; at++) {
      if (crc === 0 && at >= shortest) {
        this.end ??= at;
        if (this.#isEnd(bytes, at)) return at;
        // The check may itself end in zeros: then it has come out before its end.
        if (isPadding(bytes.subarray(at, at + LONGEST_FLAC_HEADER))) return at + 2;
      }
      if (crc !== 0 && bytes[at] === 0xff && at >= shortest && this.#isHeader(bytes, at))
        this.nextHeader ??= at;
      crc = (crc << 8) ^ table[(crc >>> 24) ^ bytes[at]!]!;
    }
    this.#at = at;
    this.#crc = crc;
    return isEnd && crc === 0 && at >= shortest ? at : 0;
  }

  #isEnd(bytes: Uint8Array, at: number): boolean {
    if (bytes[at] === 0xff) return this.#isHeader(bytes, at);
    const next = bytes.subarray(at, at + LONGEST_FLAC_HEADER);
    return startsFlac(next) || tagLength(bytes.subarray(at, at + 32)) > 0 || startsApeTag(next);
  }

  #isHeader(bytes: Uint8Array, at: number): boolean {
    const header = parseFlacFrameHeader(bytes, at);
    return header !== undefined && fits(header, this.#expected.info);
  }
}

const isPadding = (bytes: Uint8Array): boolean => bytes.length >= 8 && bytes.every((byte) => byte === 0);

/** Its length is stated beyond the few bytes that are looked at. */
const startsApeTag = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(0, 8)) === "APETAGEX";

function fits(header: FlacFrameHeader, info: FlacStreamInfo): boolean {
  const { sampleRateHz = info.sampleRateHz, bits = info.bits } = header;
  return sampleRateHz === info.sampleRateHz && bits === info.bits && header.channels === info.channels;
}

/** Skips at least one byte, up to what may be a frame. */
async function skipDamage(
  reader: ByteReader,
  { info, notes }: { readonly info: FlacStreamInfo | undefined; readonly notes: AudioNotes },
): Promise<void> {
  const bytes = await reader.fill(STEP);
  const isEnd = bytes.length < STEP;
  let count = 1;
  for (; count < bytes.length - (isEnd ? 0 : LONGEST_FLAC_HEADER); count++) {
    if (bytes[count] === 0xff) {
      const header = parseFlacFrameHeader(bytes, count);
      if (header !== undefined && (info === undefined || fits(header, info))) break;
    } else if (startsFlac(bytes.subarray(count, count + 8))) break;
  }
  await skipJunk(reader, { count, notes });
}
