import type { AudioNotes } from "../../audio/audio-notes.ts";
import type { ByteReader } from "./byte-reader.ts";
import { CRC32, updateCrc } from "./crc.ts";
import { skipJunk, skipTags } from "./file-tags.ts";

/** A whole page of an Ogg file whose check holds. (RFC 3533, 6) */
export interface OggPage {
  /** Where in the file it lies. */
  readonly byte: number;
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

/** Reads the next whole page, undefined at the end of the file. What is none is skipped and noted. */
export async function readOggPage(reader: ByteReader, notes: AudioNotes): Promise<OggPage | undefined> {
  for (;;) {
    await skipTags(reader, reader.position === 0 ? undefined : notes);
    const byte = reader.position;
    const head = await reader.fill(HEADER_LENGTH + 255);
    if (head.length === 0) return undefined;
    const lacing = head.slice(HEADER_LENGTH, HEADER_LENGTH + (head[26] ?? 0));
    const start = HEADER_LENGTH + lacing.length;
    const length = start + lacing.reduce((sum, value) => sum + value, 0);
    if (startsPage(head, 0)) {
      const bytes = (await reader.fill(length)).slice(0, length);
      const isCut = head.length < HEADER_LENGTH || bytes.length < length;
      if (!isCut && isCheckRight(bytes)) {
        await reader.skip(length);
        return parsePage(bytes, { byte, lacing, start });
      }
      if (isCut && nextPage(bytes) < 0) {
        notes.add("truncated", `the file ends within the Ogg page at byte ${byte}`);
        await reader.skip(length);
        return head.length < start
          ? undefined
          : parsePage(bytes, { byte, lacing: wholePackets(lacing, bytes.length - start), start });
      }
    }
    await skipDamage(reader, notes);
  }
}

function parsePage(
  bytes: Uint8Array,
  { byte, lacing, start }: { readonly byte: number; readonly lacing: Uint8Array; readonly start: number },
): OggPage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[5]!;
  return {
    byte,
    serial: view.getUint32(14, true),
    sequence: view.getUint32(18, true),
    // That of a page which is cut off is beyond what there is of it.
    granule: Number(view.getBigInt64(6, true)),
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    lacing,
    body: bytes.subarray(start),
  };
}

/** Lengths of the packets that lie whole in the first `available` bytes of a page. */
function wholePackets(lacing: Uint8Array, available: number): Uint8Array {
  let left = available;
  let count = 0;
  for (const [i, length] of lacing.entries()) {
    left -= length;
    if (left < 0) break;
    if (length < 255) count = i + 1;
  }
  return lacing.subarray(0, count);
}

async function skipDamage(reader: ByteReader, notes: AudioNotes): Promise<void> {
  const bytes = await reader.fill(SEARCHED_BYTES);
  const next = nextPage(bytes);
  // The mark of a page may begin in the last bytes.
  const count = next > 0 ? next : bytes.length < SEARCHED_BYTES ? bytes.length : bytes.length - 4;
  await skipJunk(reader, { count, notes });
}

const SEARCHED_BYTES = 65536;

/** Place of the next page behind the start, -1 where none is seen. */
function nextPage(bytes: Uint8Array): number {
  let at = bytes.indexOf(OGG_S[0]!, 1);
  while (at >= 0 && !startsPage(bytes, at)) at = bytes.indexOf(OGG_S[0]!, at + 1);
  return at;
}

const OGG_S = [0x4f, 0x67, 0x67, 0x53, 0];

const startsPage = (bytes: Uint8Array, at: number): boolean =>
  OGG_S.every((value, i) => bytes[at + i] === value);

function isCheckRight(bytes: Uint8Array): boolean {
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(22, true);
  // The check is made with zeros in its own place.
  const before = updateCrc(CRC32, bytes.subarray(0, 22));
  const through = updateCrc(CRC32, new Uint8Array(4), before);
  return updateCrc(CRC32, bytes.subarray(26), through) >>> 0 === stored;
}
