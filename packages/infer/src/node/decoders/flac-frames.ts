import { CallsignError } from "../../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { CRC16 } from "./crc.ts";
import { type FlacFrameHeader, LONGEST_FLAC_HEADER, parseFlacFrameHeader } from "./flac-frame.ts";
import type { FlacStreamInfo } from "./flac-metadata.ts";

/** A whole frame whose checks hold. */
export interface FlacFrame {
  readonly header: FlacFrameHeader;
  readonly bytes: Uint8Array;
  /** Where in the file it lies. */
  readonly byte: number;
}

/**
 * Cuts a FLAC stream into frames. A frame does not state its length: it ends where its check comes out and another
 * header (or the end of the file) follows, found in one pass over the bytes.
 * @throws CallsignError `AUDIO_INVALID`, `AUDIO_TRUNCATED`
 */
export async function* readFlacFrames(
  reader: ByteReader,
  info: FlacStreamInfo,
): AsyncGenerator<FlacFrame, void, undefined> {
  while (reader.position < reader.length) {
    const byte = reader.position;
    const header = parseFlacFrameHeader(await reader.fill(LONGEST_FLAC_HEADER), 0);
    if (header === undefined || !fits(header, info)) throw badHeader(reader, header, info);
    const bytes = (await findFrame(reader, { header, info })).slice();
    reader.skip(bytes.length);
    yield { header, bytes, byte };
  }
}

interface Expected {
  readonly header: FlacFrameHeader;
  readonly info: FlacStreamInfo;
}

/** Bytes read on while a frame's end is sought. */
const STEP = 16384;

async function findFrame(reader: ByteReader, expected: Expected): Promise<Uint8Array> {
  const { blockSize, channels } = expected.header;
  // Twice the size that the samples would take uncompressed: no encoder makes more of them.
  const longest = 256 + 2 * blockSize * channels * Math.ceil((expected.info.bits + 1) / 8);
  const scan = new FrameScan(expected);
  for (let wanted = STEP; ; wanted += STEP) {
    const bytes = await reader.fill(wanted);
    const isEnd = reader.position + bytes.length >= reader.length;
    const length = scan.advance(bytes, isEnd);
    if (length > 0) return bytes.subarray(0, length);
    if (isEnd || wanted > longest) throw noEnd(reader, { isEnd, sawHeader: scan.sawHeader });
  }
}

/** Looks for the end of the frame at the start of a growing buffer. */
class FrameScan {
  /** A later frame's header came by although this one's check had not come out: so this one is damaged. */
  sawHeader = false;
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
    // A header must lie whole in the buffer to be seen.
    const end = isEnd ? bytes.length : bytes.length - LONGEST_FLAC_HEADER;
    let crc = this.#crc;
    let at = this.#at;
    for (; at < end; at++) {
      if (bytes[at] === 0xff && at >= shortest && this.#isHeader(bytes, at)) {
        if (crc === 0) return at;
        this.sawHeader = true;
      }
      crc = (crc << 8) ^ table[(crc >>> 24) ^ bytes[at]!]!;
    }
    this.#at = at;
    this.#crc = crc;
    return isEnd && crc === 0 && at >= shortest ? at : 0;
  }

  #isHeader(bytes: Uint8Array, at: number): boolean {
    const header = parseFlacFrameHeader(bytes, at);
    return header !== undefined && fits(header, this.#expected.info);
  }
}

function fits(header: FlacFrameHeader, info: FlacStreamInfo): boolean {
  const { sampleRateHz = info.sampleRateHz, bits = info.bits } = header;
  return sampleRateHz === info.sampleRateHz && bits === info.bits && header.channels === info.channels;
}

function badHeader(
  reader: ByteReader,
  header: FlacFrameHeader | undefined,
  info: FlacStreamInfo,
): CallsignError {
  const { name, position, length } = reader;
  if (header === undefined && length - position < LONGEST_FLAC_HEADER)
    return new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: the file ends in the FLAC frame at byte ${position} of ${length}`,
    );
  const got =
    header === undefined
      ? "other bytes; the file is damaged there"
      : `one of ${header.sampleRateHz ?? info.sampleRateHz} Hz, ${header.channels} channels, ${header.bits ?? info.bits} bits`;
  const expected = `${info.sampleRateHz} Hz, ${info.channels} channels, ${info.bits} bits`;
  return new CallsignError(
    "AUDIO_INVALID",
    `${name}: expected a FLAC frame of ${expected} at byte ${position} of ${length}, got ${got}`,
  );
}

function noEnd(
  reader: ByteReader,
  { isEnd, sawHeader }: { isEnd: boolean; sawHeader: boolean },
): CallsignError {
  const { name, position, length } = reader;
  if (isEnd && !sawHeader)
    return new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: the file ends, at byte ${length}, within the FLAC frame that begins at byte ${position}`,
    );
  return new CallsignError(
    "AUDIO_INVALID",
    `${name}: the FLAC frame at byte ${position} of ${length} is damaged: its check does not come out`,
  );
}
