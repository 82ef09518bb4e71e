import { NEGATIVE } from "@callsign/data/internal";

import type { WindowPlace } from "../shards/shard-table.ts";
import { type Run, scoringOf, type TrainEvent } from "../loop/run.ts";
import { scoreWindows } from "../select/score-windows.ts";

/** Finds the negative windows of the training split with the highest scores at the current weights, highest first. */
export async function* findHardNegatives(run: Run): AsyncGenerator<TrainEvent, WindowPlace[]> {
  const { shards, config } = run;
  const { keep } = config.train.mining;
  const labels = config.labels.length;
  let hardest: (WindowPlace & { readonly score: number })[] = [];
  for (const [shard, table] of shards.tables.entries()) {
    const progress = { stage: "mine", done: shard + 1, total: shards.tables.length, unit: "shards" };
    if (table.split === "train") {
      const windows = [...table.outcome.keys()].filter((i) => table.outcome[i] === NEGATIVE);
      const logits = await scoreWindows({ table, shard, windows }, scoringOf(run));
      const scored = windows.map((window, i) => {
        let score = -Infinity;
        for (let label = 0; label < labels; label++) score = Math.max(score, logits[i * labels + label]!);
        return { shard, window, score };
      });
      hardest = [...hardest, ...scored]
        .toSorted((a, b) => b.score - a.score || a.shard - b.shard || a.window - b.window)
        .slice(0, keep);
    }
    yield { kind: "progress", progress };
  }
  return hardest.map(({ shard, window }) => ({ shard, window }));
}
