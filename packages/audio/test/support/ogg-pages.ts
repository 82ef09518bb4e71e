import { CRC32, updateCrc } from "../../src/node/decoders/crc.ts";

/** Cuts an Ogg file into its pages; copies. */
export function splitOggPages(bytes: Uint8Array): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const segments = bytes[at + 26]!;
    const body = bytes.subarray(at + 27, at + 27 + segments).reduce((sum, length) => sum + length, 0);
    pages.push(bytes.slice(at, (at += 27 + segments + body)));
  }
  return pages;
}

/** Makes a page's check right again, so that a change in it reaches what lies behind the check. */
export function sealOggPage(page: Uint8Array): Uint8Array {
  const sealed = page.slice();
  sealed.fill(0, 22, 26);
  new DataView(sealed.buffer).setUint32(22, updateCrc(CRC32, sealed) >>> 0, true);
  return sealed;
}
