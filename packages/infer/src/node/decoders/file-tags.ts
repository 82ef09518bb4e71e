import type { AudioNotes } from "../../audio/audio-notes.ts";
import type { ByteReader } from "./byte-reader.ts";

/**
 * Bytes of the tag that begins here, 0 where none does: ID3v2, APEv2 and ID3v1, as programs leave them before,
 * between and behind the frames of any format. Needs the first 32 bytes.
 */
export function tagLength(bytes: Uint8Array): number {
  const begins = (mark: string): boolean => Array.from(mark).every((c, i) => bytes[i] === c.charCodeAt(0));
  // Four bytes of seven bits, then a footer if flagged. (id3.org, ID3v2.4 structure, 3.1)
  if (begins("ID3") && bytes.length >= 10 && bytes.subarray(6, 10).every((byte) => byte < 128))
    return 10 + sevenBitNumber(bytes) + ((bytes[5]! & 0x10) !== 0 ? 10 : 0);
  if (begins("TAG+")) return 227;
  if (begins("TAG")) return 128;
  if (begins("APETAGEX") && bytes.length >= 32) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // The size counts items and footer; a header comes on top when bit 29 is set and this is it. (APEv2 specification)
    const isHeader = (view.getUint32(20, true) & 0x20000000) !== 0;
    return isHeader ? 32 + view.getUint32(12, true) : 32;
  }
  return 0;
}

const sevenBitNumber = (bytes: Uint8Array): number =>
  bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);

/**
 * Skips the tags and the zeros that lie here; a tag that claims more than the file has is left. With `notes` zeros that
 * something follows are noted: in the middle of a file they stand where audio was.
 */
export async function skipTags(reader: ByteReader, notes?: AudioNotes): Promise<void> {
  let zerosFrom: number | undefined;
  for (;;) {
    const bytes = await reader.fill(32);
    const tag = tagLength(bytes);
    const length = tag || countZeros(bytes);
    const left = (reader.length ?? Infinity) - reader.position;
    if (tag === 0 && length > 0) zerosFrom ??= reader.position;
    else if (zerosFrom !== undefined && bytes.length > 0 && tag === 0)
      notes?.countDamage(zerosFrom, reader.position - zerosFrom);
    if (length === 0 || length > left) return;
    await reader.skip(length);
  }
}

/** Number of zeros at the start: padding, whatever their number, as nothing that is looked for begins with one. */
function countZeros(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? bytes.length : first;
}

/** Skips bytes that are no audio, and notes them as damage unless they are a tag that only its end tells. */
export async function skipJunk(
  reader: ByteReader,
  { count, notes }: { readonly count: number; readonly notes: AudioNotes },
): Promise<void> {
  const bytes = (await reader.fill(count)).subarray(0, count);
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf("APETAGEX");
  const isTag =
    footer >= 0 && footer + 32 <= count && bytes[footer + 12]! + bytes[footer + 13]! * 256 === footer + 32;
  if (!isTag) notes.countDamage(reader.position, count);
  await reader.skip(isTag ? footer + 32 : count);
}
