import { sigmoid } from "@callsign/eval/internal";

import type { ShardTable } from "../shards/shard-table.ts";

/** Scores of one label over consecutive windows, with the positions of its phrase. */
export interface ScoredStream {
  /** Score of each window, 0 to 1. */
  readonly scores: Float64Array;
  /** Index of the phrase near each window, from 0; -1 for none. */
  readonly phrase: Int32Array;
  /** 1 at the first window of a clip, where the decision stage is reset. */
  readonly begins: Uint8Array;
  readonly phrases: number;
  /** Samples from one window to the next. */
  readonly hopLength: number;
}

export interface StreamOptions {
  readonly label: number;
  readonly labels: number;
  readonly hopLength: number;
  /** Selects shards with consecutive windows. */
  readonly isStream: (table: ShardTable) => boolean;
}

/** Concatenates scored shards into one stream for a detector of one label. */
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
