import { closeSync, openSync, readSync } from "node:fs";

import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import { readShardFile } from "./open-shards.ts";
import type { ShardTable, WindowPlace } from "./shard-table.ts";

/** Maximum number of files kept open for reading single windows; the usual limit of a process is 1024. */
const MAX_OPEN_FILES = 256;

/**
 * Features of all shards. The first shards used are kept in memory, up to `maxBytes`; single windows of the others are read from
 * the disk when needed (6 kB for 16 embeddings), so that batches can draw from all shards at any time.
 */
export class FeatureStore {
  readonly #tables: readonly ShardTable[];
  readonly #maxBytes: number;
  readonly #held = new Map<number, Float32Array>();
  readonly #files = new Map<number, number>();
  #bytes = 0;

  constructor(tables: readonly ShardTable[], { maxBytes }: { readonly maxBytes: number }) {
    this.#tables = tables;
    this.#maxBytes = maxBytes;
  }

  /** Embeddings `[rows, 96]` of a shard; must not be modified. */
  async rows(shard: number): Promise<Float32Array> {
    const held = this.#held.get(shard);
    if (held) return held;
    const { file, bytes } = this.#tables[shard]!;
    const { embeddings } = await readShardFile(file);
    if (this.#fits(bytes)) {
      // A copy: a view would keep the whole file in memory.
      this.#held.set(shard, embeddings.slice());
      this.#bytes += bytes;
    }
    return embeddings;
  }

  /** Features `[size, embeddings, 96]` of windows, followed by zeros. `size`: default the number of places. */
  async gather(
    places: readonly WindowPlace[],
    { embeddings, size = places.length }: { readonly embeddings: number; readonly size?: number },
  ): Promise<Float32Array> {
    const length = embeddings * EMBEDDING.dimension;
    const features = new Float32Array(size * length);
    for (const [i, { shard, window }] of places.entries()) {
      const { windowEnd, bytes } = this.#tables[shard]!;
      const end = (windowEnd[window]! + 1) * EMBEDDING.dimension;
      const rows = this.#held.get(shard) ?? (this.#fits(bytes) ? await this.rows(shard) : undefined);
      if (rows) features.set(rows.subarray(end - length, end), i * length);
      else this.#read(shard, { from: end - length, into: features.subarray(i * length, (i + 1) * length) });
    }
    return features;
  }

  /** Closes the files. */
  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= this.#maxBytes;
  }

  /** Reads values of a shard from disk, starting at value `from`. Shards are little-endian, like all supported processors. */
  #read(shard: number, { from, into }: { readonly from: number; readonly into: Float32Array }): void {
    const { file, embeddingsByte } = this.#tables[shard]!;
    let descriptor = this.#files.get(shard);
    if (descriptor === undefined) {
      const [oldest] = this.#files;
      if (this.#files.size >= MAX_OPEN_FILES && oldest) {
        closeSync(oldest[1]);
        this.#files.delete(oldest[0]);
      }
      descriptor = openFile(file);
      this.#files.set(shard, descriptor);
    }
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const position = embeddingsByte + from * Float32Array.BYTES_PER_ELEMENT;
    if (readSync(descriptor, bytes, 0, bytes.length, position) < bytes.length)
      throw new CallsignError(
        "SHARD_INVALID",
        `${file}: the shard is shorter than when the training began; build the data again, then train with --restart`,
      );
  }
}

function openFile(file: string): number {
  try {
    return openSync(file, "r");
  } catch (cause) {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: the shard is missing; build the data again`, {
      cause,
    });
  }
}
