import type { AudioNotes } from "../../../samples/audio-notes.ts";
import type { ByteReader } from "../byte-reader.ts";
import { CRC16 } from "../crc.ts";
import { skipJunk, skipTags, tagLength } from "../file-tags.ts";
import { type FlacFrameHeader, LONGEST_FLAC_HEADER, parseFlacFrameHeader } from "./frame.ts";
import { type FlacStreamInfo, readFlacMetadata, startsFlac } from "./metadata.ts";

/** Frame of a FLAC stream. */
export interface FlacFrame {
  readonly header: FlacFrameHeader;
  readonly bytes: Uint8Array;
  /** Position in the file. */
  readonly byte: number;
  readonly info: FlacStreamInfo;
  /** Whether the check is right; otherwise the frame is damaged, truncated or followed by unknown data. */
  readonly isWhole: boolean;
  /** Number of damaged bytes after a frame that is not whole but can be decoded. */
  readonly damage: number;
}

/**
 * Splits one or several FLAC streams into frames. A frame does not state its length: it ends where its check is right and a
 * header, a tag, zeros or the end of the file follow, which is found in one pass. Other bytes are skipped and noted.
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
    // Without STREAMINFO only a right check distinguishes a frame from bytes that look like a header.
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

/** Stream info from a frame header, for a stream whose beginning is missing. */
function infoOf({ sampleRateHz, channels, bits }: FlacFrameHeader): FlacStreamInfo | undefined {
  if (sampleRateHz === undefined || bits === undefined) return undefined;
  return { sampleRateHz, channels, bits, totalSamples: 0 };
}

interface Expected {
  readonly header: FlacFrameHeader;
  readonly info: FlacStreamInfo;
}

/** Bytes read at a time while searching. */
const STEP = 16384;

async function findFrame(
  reader: ByteReader,
  expected: Expected,
): Promise<Pick<FlacFrame, "bytes" | "damage" | "isWhole">> {
  const { blockSize, channels } = expected.header;
  // Twice the uncompressed size, which no encoder exceeds.
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

/** Searches a growing buffer for the end of the frame at its start. */
class FrameScan {
  /** Position of the first header before which the check is wrong: the frame is damaged, or not a frame. */
  nextHeader: number | undefined;
  /** First position at which the check is right, whatever follows. */
  end: number | undefined;
  readonly #expected: Expected;
  #at = 0;
  #crc = 0;

  constructor(expected: Expected) {
    this.#expected = expected;
  }

  /** Length of the frame, or 0 if it extends beyond `bytes`, which must start with the bytes of the last call. */
  advance(bytes: Uint8Array, isEnd: boolean): number {
    const { table } = CRC16;
    const shortest = this.#expected.header.length + 3;
    // The bytes after the frame must be in the buffer.
    const end = isEnd ? bytes.length : bytes.length - LONGEST_FLAC_HEADER;
    let crc = this.#crc;
    let at = this.#at;
    for (; at < end; at++) {
      if (crc === 0 && at >= shortest) {
        this.end ??= at;
        if (this.#isEnd(bytes, at)) return at;
        // A check value that ends in zeros is right before its end.
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

/** Whether an APE tag starts here; its length is beyond these bytes. */
const startsApeTag = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(0, 8)) === "APETAGEX";

function fits(header: FlacFrameHeader, info: FlacStreamInfo): boolean {
  const { sampleRateHz = info.sampleRateHz, bits = info.bits } = header;
  return sampleRateHz === info.sampleRateHz && bits === info.bits && header.channels === info.channels;
}

/** Skips at least one byte, up to a possible frame. */
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
