import { describe, expect, it } from "vitest";
import { type Crc, CRC16, CRC32, CRC8, updateCrc } from "../../../src/node/decoders/crc.ts";

const stored = ({ bits }: Crc, value: number): number => value >>> (32 - bits);
const digits = Uint8Array.from("123456789", (c) => c.charCodeAt(0));

describe("CRC", () => {
  // Check values of the catalogue of parametrised CRC algorithms (reveng): CRC-8/SMBUS, CRC-16/UMTS, and for Ogg's
  // the complement of CRC-32/CKSUM without length, 0x765e7680.
  it.each([
    ["8", CRC8, 0xf4],
    ["16", CRC16, 0xfee8],
    ["32", CRC32, 0x89a1897f],
  ])("%s gives its check value", (_, crc, check) => {
    expect(stored(crc, updateCrc(crc, digits))).toBe(check);
  });

  it("continues where it stopped, and ends at 0 behind its own value", () => {
    for (const crc of [CRC8, CRC16, CRC32]) {
      const whole = updateCrc(crc, digits);
      expect(updateCrc(crc, digits.subarray(4), updateCrc(crc, digits.subarray(0, 4)))).toBe(whole);
      const own = [24, 16, 8, 0].map((shift) => (whole >>> shift) & 255).slice(0, crc.bits / 8);
      expect(updateCrc(crc, Uint8Array.from(own), whole)).toBe(0);
    }
  });
});
