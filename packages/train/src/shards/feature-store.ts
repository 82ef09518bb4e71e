import { closeSync, openSync, readSync } from "node:fs";

import { CallsignError } from "@callsign/audio/internal";
import { findNotFinite, findNotFinite16, fromFloat16 } from "@callsign/data/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import type { ShardTable, WindowPlace } from "./shard-table.ts";

/** Maximum number of files kept open; the usual limit of a process is 1024. */
const MAX_OPEN_FILES = 256;

/** Features as the file has them: float16 bits, or float32. */
type StoredRows = Uint16Array | Float32Array;

/**
 * Features of all shards. The first shards used are kept in memory as they are stored, up to `maxBytes`; single windows of the
 * others are read from the disk when needed (3 kB for 16 embeddings of float16), so that batches can draw from all shards at
 * any time.
 */
export class FeatureStore {
  readonly #tables: readonly ShardTable[];
  readonly #maxBytes: number;
  readonly #held = new Map<number, StoredRows>();
  readonly #files = new Map<string, number>();
  #bytes = 0;

  constructor(tables: readonly ShardTable[], { maxBytes }: { readonly maxBytes: number }) {
    this.#tables = tables;
    this.#maxBytes = maxBytes;
  }

  /** Embeddings `[rows, 96]` of a shard. @throws CallsignError `FILE_NOT_FOUND`, `SHARD_INVALID`, `FEATURES_NOT_FINITE` */
  rows(shard: number): Float32Array {
    const { rows } = this.#tables[shard]!;
    const into = new Float32Array(rows * EMBEDDING.dimension);
    this.#widen(this.#stored(shard) ?? this.#read(shard, { from: 0, rows }), { shard, from: 0, into });
    return into;
  }

  /**
   * Features `[size, embeddings, 96]` of windows, followed by zeros. `size`: default the number of places.
   * @throws CallsignError `FILE_NOT_FOUND`, `SHARD_INVALID`, `FEATURES_NOT_FINITE`
   */
  gather(
    places: readonly WindowPlace[],
    { embeddings, size = places.length }: { readonly embeddings: number; readonly size?: number },
  ): Float32Array {
    const length = embeddings * EMBEDDING.dimension;
    const features = new Float32Array(size * length);
    for (const [i, { shard, window }] of places.entries()) {
      const from = this.#tables[shard]!.windows.rowOf(window) + 1 - embeddings;
      const stored = this.#stored(shard);
      const begin = from * EMBEDDING.dimension;
      const rows = stored
        ? stored.subarray(begin, begin + length)
        : this.#read(shard, { from, rows: embeddings });
      this.#widen(rows, { shard, from, into: features.subarray(i * length, (i + 1) * length) });
    }
    return features;
  }

  /** Closes the files. */
  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  /** All rows of a shard that is in memory, or fits. */
  #stored(shard: number): StoredRows | undefined {
    const held = this.#held.get(shard);
    if (held) return held;
    const { rows, dtype } = this.#tables[shard]!;
    const bytes = rows * EMBEDDING.dimension * BYTES[dtype];
    if (this.#bytes + bytes > this.#maxBytes) return undefined;
    const read = this.#read(shard, { from: 0, rows });
    this.#held.set(shard, read);
    this.#bytes += bytes;
    return read;
  }

  #widen(rows: StoredRows, { shard, from, into }: { shard: number; from: number; into: Float32Array }): void {
    if (rows instanceof Uint16Array) fromFloat16(rows, into);
    else into.set(rows);
    const bad = rows instanceof Uint16Array ? findNotFinite16(rows) : findNotFinite(rows);
    if (bad < 0) return;
    const row = from + Math.floor(bad / EMBEDDING.dimension);
    throw new CallsignError(
      "FEATURES_NOT_FINITE",
      `${this.#tables[shard]!.file}: row ${row}, column ${bad % EMBEDDING.dimension} is ${into[bad]}, expected a finite number; the file is damaged: build or download it again`,
    );
  }

  /** Reads rows from the disk. Files are little-endian, like all supported processors. */
  #read(shard: number, { from, rows }: { readonly from: number; readonly rows: number }): StoredRows {
    const { file, embeddingsByte, dtype } = this.#tables[shard]!;
    const values = new (dtype === "F16" ? Uint16Array : Float32Array)(rows * EMBEDDING.dimension);
    const bytes = new Uint8Array(values.buffer);
    const position = embeddingsByte + from * EMBEDDING.dimension * BYTES[dtype];
    if (readSync(this.#open(file), bytes, 0, bytes.length, position) === bytes.length) return values;
    throw new CallsignError(
      "SHARD_INVALID",
      `${file}: the file is shorter than when the training began; build the data again, then train with --restart`,
    );
  }

  #open(file: string): number {
    let descriptor = this.#files.get(file);
    if (descriptor !== undefined) return descriptor;
    const [oldest] = this.#files;
    if (this.#files.size >= MAX_OPEN_FILES && oldest) {
      closeSync(oldest[1]);
      this.#files.delete(oldest[0]);
    }
    descriptor = openFile(file);
    this.#files.set(file, descriptor);
    return descriptor;
  }
}

const BYTES = { F16: 2, F32: 4 } as const;

function openFile(file: string): number {
  try {
    return openSync(file, "r");
  } catch (cause) {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: the file is missing; build the data again`, {
      cause,
    });
  }
}
