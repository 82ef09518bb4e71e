import { joinFloats } from "@callsign/audio/internal";
import { EMBEDDING } from "@callsign/infer/internal";

import type { Learner } from "../optimize/learner.ts";
import type { FeatureStore } from "../shards/feature-store.ts";
import type { ShardTable } from "../shards/shard-table.ts";
import type { TensorFlow } from "../backends/import-tensorflow.ts";

export interface ScoreOptions {
  readonly tf: TensorFlow;
  readonly learner: Learner;
  readonly features: FeatureStore;
  /** `[embeddings, 96]` or `[96]`. */
  readonly featureShape: readonly number[];
}

/** Batch size of scoring: 25 MB of sequences. */
const AT_ONCE = 4096;
/** Batches are padded to multiples of this size, because some backends compile a graph for each size. */
const SIZES_APART = 512;

/** Computes logits `[windows, labels]` of windows of one shard. */
export async function scoreWindows(
  { table, shard, windows }: { table: ShardTable; shard: number; windows: ArrayLike<number> },
  { tf, learner, features: store, featureShape }: ScoreOptions,
): Promise<Float32Array> {
  const rows = store.rows(shard);
  const length = featureShape.reduce((product, n) => product * n, 1);
  const parts: Float32Array[] = [];
  for (let from = 0; from < windows.length; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, windows.length - from);
    const padded = Math.ceil(size / SIZES_APART) * SIZES_APART;
    const values = new Float32Array(padded * length);
    for (let i = 0; i < size; i++) {
      const end = (table.windows.rowOf(windows[from + i]!) + 1) * EMBEDDING.dimension;
      values.set(rows.subarray(end - length, end), i * length);
    }
    const features = tf.tensor(values, [padded, ...featureShape]);
    const logits = learner.logits(features);
    parts.push((await logits.data<"float32">()).slice(0, size * logits.shape[1]));
    tf.dispose([features, logits]);
  }
  return joinFloats(parts);
}
