import type { Random } from "@callsign/data/internal";

/** Rounds of the Feistel network; four make a permutation look random, more help where the halves have few bits. */
const ROUNDS = 8;

/**
 * A random order of the numbers 0 to `length - 1` that is computed and not stored: 675 million windows would take 2.7 GB. A
 * Feistel network permutes the numbers of the next power of two, and is applied again to results that are too large (cycle
 * walking; Black and Rogaway 2002, Ciphers with Arbitrary Finite Domains).
 */
export class Permutation {
  readonly #length: number;
  readonly #leftBits: number;
  readonly #rightBits: number;
  readonly #keys: Uint32Array;

  /** `length`: 1 to 2^32. */
  constructor(length: number, { random }: { readonly random: Random }) {
    const bits = Math.max(2, Math.ceil(Math.log2(length)));
    this.#length = length;
    this.#leftBits = bits >> 1;
    this.#rightBits = bits - this.#leftBits;
    this.#keys = Uint32Array.from({ length: ROUNDS }, () => random.integer(0, 0xffff_ffff));
  }

  /** Number at a place of the order, both from 0 to `length - 1`. */
  at(place: number): number {
    let value = place;
    do value = this.#permute(value);
    while (value >= this.#length);
    return value;
  }

  #permute(value: number): number {
    let [leftBits, rightBits] = [this.#leftBits, this.#rightBits];
    let left = Math.floor(value / 2 ** rightBits);
    let right = value % 2 ** rightBits;
    for (const key of this.#keys) {
      // The halves change places, and with them their widths.
      const mixed = (left ^ (mix(right ^ key) & (2 ** leftBits - 1))) >>> 0;
      [left, right] = [right, mixed];
      [leftBits, rightBits] = [rightBits, leftBits];
    }
    return left * 2 ** rightBits + right;
  }
}

/** The finalizer of MurmurHash3 (Appleby 2011, public domain). */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
