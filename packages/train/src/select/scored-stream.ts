import { sigmoid } from "@callsign/eval/internal";

import type { ShardTable } from "../shards/shard-table.ts";

/** One label's scores over stretches of audio, window by window, and where its phrase is. */
export interface ScoredStream {
  /** Score of each window, 0 to 1. */
  readonly scores: Float64Array;
  /** Number of the phrase that is near, from 0; -1 where none is. */
  readonly phrase: Int32Array;
  /** True where a stretch begins: nothing is remembered across. */
  readonly begins: Uint8Array;
  readonly phrases: number;
  /** Length of one step. */
  readonly hopLength: number;
}

export interface StreamOptions {
  readonly label: number;
  readonly labels: number;
  readonly hopLength: number;
  /** Shards whose windows do not follow each other are left out. */
  readonly isStream: (table: ShardTable) => boolean;
}

/** Lays the scored shards end to end as what a detector of one label would hear. */
export function scoredStream(
  scored: readonly { readonly table: ShardTable; readonly logits: Float32Array }[],
  { label, labels, hopLength, isStream }: StreamOptions,
): ScoredStream {
  const streams = scored.filter(({ table }) => isStream(table));
  const length = streams.reduce((sum, { table }) => sum + table.label.length, 0);
  const scores = new Float64Array(length);
  const phrase = new Int32Array(length).fill(-1);
  const begins = new Uint8Array(length);
  let phrases = 0;
  let place = 0;
  for (const { table, logits } of streams) {
    for (let i = 0; i < table.label.length; i++, place++) {
      scores[place] = sigmoid(logits[i * labels + label]!);
      begins[place] = i === 0 || table.clip[i] !== table.clip[i - 1] ? 1 : 0;
      if (table.label[i] !== label) continue;
      const goesOn =
        begins[place] === 0 && table.label[i - 1] === label && table.heard[i]! >= table.heard[i - 1]!;
      if (!goesOn) phrases++;
      phrase[place] = phrases - 1;
    }
  }
  return { scores, phrase, begins, phrases, hopLength };
}
