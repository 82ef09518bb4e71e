import { createHash } from "node:crypto";

import { CallsignError } from "@callsign/audio/internal";

/** Seeded stream of random numbers, the same on every platform and Node version. */
export interface Random {
  /**
   * An independent stream for a named part of the work. It depends only on the seed and the names, not on what was drawn
   * before, so parts may run in any order or in other processes.
   */
  fork(name: string | number): Random;
  /** In [0, 1), 53 random bits. */
  next(): number;
  /** In [low, high). */
  uniform(low: number, high: number): number;
  /** A whole number from low to high, both included, without modulo bias. */
  integer(low: number, high: number): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** @throws CallsignError INVALID_ARGUMENT for an empty list */
  choice<T>(items: readonly T[]): T;
  /** One item, each in proportion to its weight (any scale). @throws CallsignError INVALID_ARGUMENT unless weights are finite, none negative, some positive, one an item */
  weightedChoice<T>(items: readonly T[], weights: readonly number[]): T;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
}

/** The generator for a seed: sfc32 (Chris Doty-Humphrey's small fast chaotic generator, PractRand), its state the SHA-256 of the seed. */
export function createRandom(seed: string | number): Random {
  // A number and its spelling are the same seed: the config and the command line then agree.
  return new Sfc32Random(sha256(`callsign-random-1\n${seed}`));
}

class Sfc32Random implements Random {
  readonly #key: Buffer;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;
  #spareNormal: number | undefined;

  constructor(key: Buffer) {
    this.#key = key;
    this.#a = key.readInt32LE(0);
    this.#b = key.readInt32LE(4);
    this.#c = key.readInt32LE(8);
    this.#counter = key.readInt32LE(12);
  }

  fork(name: string | number): Random {
    return new Sfc32Random(sha256(`${this.#key.toString("hex")}\n${name}`));
  }

  next(): number {
    // 53 bits: 27 + 26, each from the high end of a draw.
    return ((this.#draw() >>> 5) * 67_108_864 + (this.#draw() >>> 6)) / 9_007_199_254_740_992;
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  integer(low: number, high: number): number {
    const count = high - low + 1;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || count < 1 || count > 2 ** 32) {
      throw invalid(`integer(low, high) needs whole numbers, low <= high < low + 2^32; got ${low}, ${high}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % count);
    let value = this.#draw();
    while (value >= limit) value = this.#draw();
    return low + (value % count);
  }

  normal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    // Marsaglia's polar method: no sine or cosine, whose last bits differ between builds of V8.
    for (;;) {
      const x = this.uniform(-1, 1);
      const y = this.uniform(-1, 1);
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spareNormal = y * scale;
      return x * scale;
    }
  }

  choice<T>(items: readonly T[]): T {
    if (items.length === 0) throw invalid("choice needs at least one item; got an empty list");
    return items[this.integer(0, items.length - 1)]!;
  }

  weightedChoice<T>(items: readonly T[], weights: readonly number[]): T {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const usable = weights.every((weight) => weight >= 0) && total > 0 && Number.isFinite(total);
    if (!usable || weights.length !== items.length) {
      throw invalid(
        `weightedChoice needs one finite weight an item, none negative, some positive; got ${items.length} items, weights [${weights.join(", ")}]`,
      );
    }
    let rest = this.uniform(0, total);
    let last = 0;
    for (const [index, weight] of weights.entries()) {
      if (weight === 0) continue;
      last = index;
      if (rest < weight) break;
      rest -= weight;
    }
    return items[last]!;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }

  /** One sfc32 step, as an unsigned 32-bit number. */
  #draw(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

const sha256 = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();

const invalid = (message: string): CallsignError =>
  new CallsignError("INVALID_ARGUMENT", `random: ${message}`);
