import type { Random } from "@callsign/data/internal";

import type { WindowPlace } from "./shard-table.ts";

/** Windows of one shard that a stream draws from. */
export interface WindowPool {
  readonly shard: number;
  readonly windows: Int32Array;
}

/**
 * Endless shuffled stream of the windows of all pools: each pass contains every window once, in a new order over all
 * shards. The window at a position depends only on the seed, so that a training can resume anywhere.
 */
export class WindowStream {
  /** Number of windows in a pass. */
  readonly length: number;
  readonly #pools: readonly WindowPool[];
  /** Number of windows before each pool. */
  readonly #starts: Uint32Array;
  readonly #random: Random;
  #pass = -1;
  readonly #order: Uint32Array;

  constructor(pools: readonly WindowPool[], { random }: { readonly random: Random }) {
    this.#pools = pools.filter(({ windows }) => windows.length > 0);
    this.#starts = new Uint32Array(this.#pools.length);
    let length = 0;
    for (const [i, { windows }] of this.#pools.entries()) {
      this.#starts[i] = length;
      length += windows.length;
    }
    this.length = length;
    this.#random = random;
    this.#order = new Uint32Array(length);
  }

  /** Window at a position of the stream, from 0. The stream must not be empty. */
  at(position: number): WindowPlace {
    const pass = Math.floor(position / this.length);
    if (pass !== this.#pass) this.#shuffle(pass);
    const index = this.#order[position - pass * this.length]!;
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    const { shard, windows } = this.#pools[low]!;
    return { shard, window: windows[index - this.#starts[low]!]! };
  }

  #shuffle(pass: number): void {
    const order = this.#order;
    const random = this.#random.fork(pass);
    for (let i = 0; i < order.length; i++) order[i] = i;
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.integer(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    this.#pass = pass;
  }
}
