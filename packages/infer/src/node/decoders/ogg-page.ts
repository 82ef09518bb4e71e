import { CallsignError } from "../../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { CRC32, updateCrc } from "./crc.ts";

/** A whole page of an Ogg file whose check holds. (RFC 3533, 6) */
export interface OggPage {
  /** Where in the file it lies. */
  readonly byte: number;
  /** All of it; the caller's to change. */
  readonly bytes: Uint8Array;
  readonly serial: number;
  readonly sequence: number;
  /** Position at the page's end in the codec's own count; -1 where no packet ends on it. */
  readonly granule: number;
  readonly isContinued: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Lengths that cut the body into packets: a packet ends with the first below 255. */
  readonly lacing: Uint8Array;
  readonly body: Uint8Array;
}

const HEADER_LENGTH = 27;

/** Reads the page that comes next. @throws CallsignError `AUDIO_INVALID`, `AUDIO_TRUNCATED` */
export async function readOggPage(reader: ByteReader): Promise<OggPage> {
  const { name, position: byte } = reader;
  const head = await reader.fill(HEADER_LENGTH + 255);
  const isPage = OGG_S.every((value, i) => head[i] === value) && head[4] === 0;
  if (head.length >= 5 && !isPage)
    throw new CallsignError(
      "AUDIO_INVALID",
      `${name}: expected an Ogg page at byte ${byte} of ${reader.length}; the file is damaged there`,
    );
  const segments = head[26] ?? 0;
  const lacing = head.slice(HEADER_LENGTH, HEADER_LENGTH + segments);
  const start = HEADER_LENGTH + segments;
  const length = start + lacing.reduce((sum, value) => sum + value, 0);
  const bytes = (await reader.fill(length)).slice(0, length);
  if (head.length < HEADER_LENGTH || bytes.length < length)
    throw new CallsignError(
      "AUDIO_TRUNCATED",
      `${name}: the Ogg page at byte ${byte} needs ${length} bytes, the file has ${reader.length - byte} left`,
    );
  checkCrc(bytes, { name, byte });
  reader.skip(length);
  const view = new DataView(bytes.buffer);
  const flags = bytes[5]!;
  return {
    byte,
    bytes,
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    granule: Number(view.getBigInt64(6, true)),
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    lacing,
    body: bytes.subarray(start),
  };
}

const OGG_S = [0x4f, 0x67, 0x67, 0x53];

function checkCrc(bytes: Uint8Array, { name, byte }: { name: string; byte: number }): void {
  const stored = new DataView(bytes.buffer).getUint32(22, true);
  // The check is made with zeros in its own place.
  const before = updateCrc(CRC32, bytes.subarray(0, 22));
  const through = updateCrc(CRC32, new Uint8Array(4), before);
  const actual = updateCrc(CRC32, bytes.subarray(26), through) >>> 0;
  if (actual === stored) return;
  throw new CallsignError(
    "AUDIO_INVALID",
    `${name}: the Ogg page at byte ${byte} is damaged: its check is ${actual.toString(16)}, expected ${stored.toString(16)}`,
  );
}
