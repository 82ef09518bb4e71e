import type { Random } from "@callsign/data/internal";

import type { WindowPlace } from "./shard-table.ts";

/** Windows of one shard that a stream draws from. */
export interface WindowPool {
  readonly shard: number;
  readonly windows: Int32Array;
  /** Size of the shard's features in memory. */
  readonly bytes: number;
}

/** Shuffled windows of several shards. */
interface Group {
  readonly key: string;
  readonly shards: Int32Array;
  readonly windows: Int32Array;
}

/**
 * Endless shuffled stream of windows: each pass contains every window once, with shards in a new order, in groups of
 * shards that fit in memory. The window at a position depends only on the seed, so that a training can resume anywhere.
 */
export class WindowStream {
  /** Number of windows in a pass. */
  readonly length: number;
  readonly #pools: readonly WindowPool[];
  readonly #random: Random;
  readonly #maxBytes: number;
  #pass = -1;
  #order: readonly (readonly WindowPool[])[] = [];
  #group: Group | undefined;

  constructor(pools: readonly WindowPool[], options: { readonly random: Random; readonly maxBytes: number }) {
    this.#pools = pools.filter(({ windows }) => windows.length > 0);
    this.length = this.#pools.reduce((sum, { windows }) => sum + windows.length, 0);
    this.#random = options.random;
    this.#maxBytes = options.maxBytes;
  }

  /** Window at a position of the stream, from 0. */
  at(position: number): WindowPlace {
    const pass = Math.floor(position / this.length);
    if (pass !== this.#pass) this.#startPass(pass);
    let offset = position - pass * this.length;
    let group = 0;
    for (; offset >= sizeOf(this.#order[group]!); group++) offset -= sizeOf(this.#order[group]!);
    const { shards, windows } = this.#groupOf(group);
    return { shard: shards[offset]!, window: windows[offset]! };
  }

  #startPass(pass: number): void {
    const groups: WindowPool[][] = [];
    let bytes = Infinity;
    for (const pool of this.#random.fork(pass).shuffle(this.#pools)) {
      bytes += pool.bytes;
      if (bytes > this.#maxBytes) {
        groups.push([]);
        bytes = pool.bytes;
      }
      groups.at(-1)!.push(pool);
    }
    this.#pass = pass;
    this.#order = groups;
  }

  #groupOf(number: number): Group {
    const key = `${this.#pass}/${number}`;
    if (this.#group?.key === key) return this.#group;
    const pools = this.#order[number]!;
    const shards = new Int32Array(sizeOf(pools));
    const windows = new Int32Array(shards.length);
    let place = 0;
    for (const pool of pools) {
      shards.fill(pool.shard, place, place + pool.windows.length);
      windows.set(pool.windows, place);
      place += pool.windows.length;
    }
    const random = this.#random.fork(key);
    for (let i = shards.length - 1; i > 0; i--) {
      const j = random.integer(0, i);
      [shards[i], shards[j]] = [shards[j]!, shards[i]!];
      [windows[i], windows[j]] = [windows[j]!, windows[i]!];
    }
    this.#group = { key, shards, windows };
    return this.#group;
  }
}

const sizeOf = (pools: readonly WindowPool[]): number =>
  pools.reduce((sum, { windows }) => sum + windows.length, 0);
