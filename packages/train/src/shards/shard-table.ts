import type { ShardClip, ShardMetadata } from "@callsign/data/internal";

/** What of one shard stays in memory: everything but its features. */
export interface ShardTable {
  /** Path, for messages and for reading the features again. */
  readonly file: string;
  readonly split: ShardMetadata["split"];
  readonly source: string;
  readonly kind: string;
  /** Of its features in memory. */
  readonly bytes: number;
  readonly clips: readonly ShardClip[];
  /** Row each window ends at. */
  readonly windowEnd: Int32Array;
  /** What each window teaches: a label's index, `NEGATIVE` or `IGNORED`. */
  readonly outcome: Int8Array;
  /** Label near each window, -1 for none; whatever the policy makes of it. */
  readonly label: Int8Array;
  readonly heard: Float32Array;
  readonly clip: Int32Array;
}

/** A window: place of its shard in the list, and its number there. */
export interface WindowPlace {
  readonly shard: number;
  readonly window: number;
}

/** Where a window comes from, for messages: shard, window and recording. */
export function describeWindow(tables: readonly ShardTable[], { shard, window }: WindowPlace): string {
  const { file, clips, clip } = tables[shard]!;
  return `${file}, window ${window} (${clips[clip[window]!]?.clip ?? "unknown clip"})`;
}
