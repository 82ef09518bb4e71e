import type { ShardClip, ShardMetadata } from "@callsign/data/internal";

/** Labels and metadata of one shard, kept in memory; features are read on demand. */
export interface ShardTable {
  /** Path, for messages and for reading the features again. */
  readonly file: string;
  readonly split: ShardMetadata["split"];
  readonly source: string;
  readonly kind: string;
  /** Size of its features in memory. */
  readonly bytes: number;
  /** Byte offset of the features in the file. */
  readonly embeddingsByte: number;
  readonly clips: readonly ShardClip[];
  /** Last row of each window. */
  readonly windowEnd: Int32Array;
  /** Training target of each window: a label's index, `NEGATIVE` or `IGNORED`. */
  readonly outcome: Int8Array;
  /** Index of the label near each window, -1 for none, regardless of the label policy. */
  readonly label: Int8Array;
  readonly heard: Float32Array;
  readonly clip: Int32Array;
}

/** A window: index of its shard, and its index in the shard. */
export interface WindowPlace {
  readonly shard: number;
  readonly window: number;
}

/** Describes a window for messages: shard, window and recording. */
export function describeWindow(tables: readonly ShardTable[], { shard, window }: WindowPlace): string {
  const { file, clips, clip } = tables[shard]!;
  return `${file}, window ${window} (${clips[clip[window]!]?.clip ?? "unknown clip"})`;
}
