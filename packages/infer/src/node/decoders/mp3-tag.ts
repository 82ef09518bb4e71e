/**
 * Bytes of the tag that begins here, 0 where none does: ID3v2 anywhere, APEv2 and ID3v1, as players leave them before,
 * between and behind frames. Needs the first 32 bytes.
 */
export function mp3TagLength(bytes: Uint8Array): number {
  const begins = (mark: string): boolean => Array.from(mark).every((c, i) => bytes[i] === c.charCodeAt(0));
  // Four bytes of seven bits, then a footer if flagged. (id3.org, ID3v2.4 structure, 3.1)
  if (begins("ID3") && bytes.length >= 10)
    return 10 + sevenBitNumber(bytes) + ((bytes[5]! & 0x10) !== 0 ? 10 : 0);
  if (begins("TAG")) return 128;
  if (begins("APETAGEX") && bytes.length >= 32) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // The size counts items and footer; a header comes on top when bit 31 is set and this is it. (APEv2 specification)
    const isHeader = (view.getUint32(20, true) & 0x20000000) !== 0;
    return isHeader ? 32 + view.getUint32(12, true) : 32;
  }
  return 0;
}

const sevenBitNumber = (bytes: Uint8Array): number =>
  bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
