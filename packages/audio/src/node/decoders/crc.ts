/** Cyclic redundancy check, most significant bit first, initial value 0, not inverted. */
export interface Crc {
  readonly bits: 8 | 16 | 32;
  readonly table: Uint32Array;
}

/** FLAC frame headers: x^8 + x^2 + x + 1. (RFC 9639, 9.1.8) */
export const CRC8 = makeCrc(8, 0x07);

/** FLAC frames: x^16 + x^15 + x^2 + 1. (RFC 9639, 9.3) */
export const CRC16 = makeCrc(16, 0x8005);

/** Ogg pages. (RFC 3533, 6) */
export const CRC32 = makeCrc(32, 0x04c11db7);

function makeCrc(bits: 8 | 16 | 32, polynomial: number): Crc {
  // In the upper bits of 32, so that all widths use the same code.
  const high = polynomial << (32 - bits);
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte << 24;
    for (let i = 0; i < 8; i++) value = value < 0 ? (value << 1) ^ high : value << 1;
    return value;
  });
  return { bits, table };
}

/**
 * Remainder after `bytes`, continued from an earlier result `seed`. It is in the upper bits of a signed 32-bit number: shift
 * right, unsigned, by `32 - bits` for the stored value. 0 for data followed by its own check value.
 */
export function updateCrc({ table }: Crc, bytes: Uint8Array, seed = 0): number {
  let value = seed;
  for (let i = 0; i < bytes.length; i++) value = (value << 8) ^ table[(value >>> 24) ^ bytes[i]!]!;
  return value;
}
