import type { Random } from "@callsign/data/internal";

import { Permutation } from "./permutation.ts";
import type { WindowPlace } from "./shard-table.ts";
import { lastAtMost, type WindowSelection } from "./window-table.ts";

/** Windows of one shard that a stream draws from. */
export interface WindowPool {
  readonly shard: number;
  readonly windows: WindowSelection;
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
  readonly #starts: Float64Array;
  readonly #random: Random;
  #pass = -1;
  #order: Permutation | undefined;

  constructor(pools: readonly WindowPool[], { random }: { readonly random: Random }) {
    this.#pools = pools.filter(({ windows }) => windows.length > 0);
    this.#starts = new Float64Array(this.#pools.length);
    let length = 0;
    for (const [i, { windows }] of this.#pools.entries()) {
      this.#starts[i] = length;
      length += windows.length;
    }
    this.length = length;
    this.#random = random;
  }

  /** Window at a position of the stream, from 0. The stream must not be empty. */
  at(position: number): WindowPlace {
    const pass = Math.floor(position / this.length);
    if (pass !== this.#pass) {
      this.#order = new Permutation(this.length, { random: this.#random.fork(pass) });
      this.#pass = pass;
    }
    const index = this.#order!.at(position - pass * this.length);
    const low = lastAtMost(this.#starts, index);
    const { shard, windows } = this.#pools[low]!;
    return { shard, window: windows.at(index - this.#starts[low]!) };
  }
}
