import { readShardClips, type ShardMetadata } from "@callsign/data/internal";

import type { WindowTable } from "./window-table.ts";

/** Windows of one shard, or of a block of precomputed features, kept in memory; features are read on demand. */
export interface ShardTable {
  /** File with the features. */
  readonly file: string;
  readonly split: ShardMetadata["split"];
  readonly source: string;
  readonly kind: string;
  readonly dtype: "F16" | "F32";
  /** Rows of features, and the byte of the file at which they begin. */
  readonly rows: number;
  readonly embeddingsByte: number;
  readonly windows: WindowTable;
}

/** A window: index of its shard, and its index in the shard. */
export interface WindowPlace {
  readonly shard: number;
  readonly window: number;
}

/** Describes a window for messages: file, window and, for shards, recording. */
export async function describeWindow(
  tables: readonly ShardTable[],
  { shard, window }: WindowPlace,
): Promise<string> {
  const { file, windows } = tables[shard]!;
  const clips = await readShardClips(file).catch(() => []);
  const clip = clips[windows.clipOf(window)]?.clip;
  return `${file}, window ${window}${clip === undefined ? "" : ` (${clip})`}`;
}
