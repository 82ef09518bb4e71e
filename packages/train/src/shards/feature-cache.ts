import { readShardFile } from "./open-shards.ts";
import type { ShardTable } from "./shard-table.ts";

/** Features of the shards used last, up to a number of bytes; others are read again when they are wanted. */
export class FeatureCache {
  readonly #tables: readonly ShardTable[];
  readonly #maxBytes: number;
  readonly #held = new Map<number, Float32Array>();
  #bytes = 0;

  constructor(tables: readonly ShardTable[], { maxBytes }: { readonly maxBytes: number }) {
    this.#tables = tables;
    this.#maxBytes = maxBytes;
  }

  /** Embeddings `[rows, 96]` of a shard; not to be changed. */
  async get(shard: number): Promise<Float32Array> {
    const held = this.#held.get(shard);
    // A map keeps the order of insertion: taken out and put back, it is the newest.
    this.#held.delete(shard);
    const rows = held ?? (await readShardFile(this.#tables[shard]!.file)).embeddings;
    this.#held.set(shard, rows);
    if (held === undefined) this.#bytes += rows.byteLength;
    for (const [oldest, { byteLength }] of this.#held) {
      if (this.#bytes <= this.#maxBytes || oldest === shard) break;
      this.#held.delete(oldest);
      this.#bytes -= byteLength;
    }
    return rows;
  }
}
