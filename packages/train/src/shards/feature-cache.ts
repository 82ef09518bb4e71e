import { readShardFile } from "./open-shards.ts";
import type { ShardTable } from "./shard-table.ts";

/** Least-recently-used cache of shard features with a size limit in bytes. */
export class FeatureCache {
  readonly #tables: readonly ShardTable[];
  readonly #maxBytes: number;
  readonly #held = new Map<number, Float32Array>();
  #bytes = 0;

  constructor(tables: readonly ShardTable[], { maxBytes }: { readonly maxBytes: number }) {
    this.#tables = tables;
    this.#maxBytes = maxBytes;
  }

  /** Embeddings `[rows, 96]` of a shard; must not be modified. */
  async get(shard: number): Promise<Float32Array> {
    const held = this.#held.get(shard);
    // A Map keeps insertion order: deleting and setting again makes it the newest.
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
