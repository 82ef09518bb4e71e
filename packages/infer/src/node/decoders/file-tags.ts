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

/** Skips the tags and the zeros that lie here; a tag that claims more than the file has is left. */
export async function skipTags(reader: ByteReader): Promise<void> {
  for (;;) {
    const bytes = await reader.fill(32);
    const length = tagLength(bytes) || zeros(bytes);
    const left = (reader.length ?? Infinity) - reader.position;
    if (length === 0 || length > left) return;
    await reader.skip(length);
  }
}

/** Number of zeros at the start: padding, where there are 8 or the file ends in them. */
function zeros(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return bytes.length;
  return first >= 8 ? first : 0;
}
