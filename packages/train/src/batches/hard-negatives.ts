import { createRandom, NEGATIVE, type Random } from "@callsign/data/internal";
import { sigmoid } from "@callsign/eval/internal";

import type { ShardTable, WindowPlace } from "../shards/shard-table.ts";
import type { WindowTable } from "../shards/window-table.ts";
import { type Run, scoringOf, type TrainEvent } from "../loop/run.ts";
import { scoreWindows } from "../select/score-windows.ts";
import { type NegativeGroup, negativeGroupOf } from "./negative-shares.ts";

/**
 * Kinds that are searched: those that occur in use. Near-misses and parts of phrases are left out, since the hardest of them
 * sound like the phrase, and training mostly on those would lower its scores.
 */
const SEARCHED: ReadonlySet<NegativeGroup> = new Set(["people", "synthetic", "noise", "scenes"]);

/** Draws negative windows of the training split that score high at the current weights. */
export async function* findHardNegatives(run: Run): AsyncGenerator<TrainEvent, WindowPlace[]> {
  const { shards, config, training, state } = run;
  const labels = config.labels.length;
  const { keep, maxWindows } = config.train.mining;
  const random = createRandom(training.seed).fork("mining").fork(state.step);
  const drawing = new HardNegatives({ keep, random });
  const searched = chooseSearched(shards.tables, { maxWindows, random: random.fork("shards") });
  for (const [i, shard] of searched.entries()) {
    const table = shards.tables[shard]!;
    const negatives = table.windows.select(NEGATIVE);
    const windows = Array.from({ length: negatives.length }, (_, place) => negatives.at(place));
    const logits = await scoreWindows({ table, shard, windows }, scoringOf(run));
    const scores = windows.map((_, window) => {
      let highest = -Infinity;
      for (let label = 0; label < labels; label++)
        highest = Math.max(highest, logits[window * labels + label]!);
      return sigmoid(highest);
    });
    drawing.offer(table.windows, { shard, windows, scores });
    yield {
      kind: "progress",
      progress: { stage: "mine", done: i + 1, total: searched.length, unit: "shards" },
    };
  }
  return drawing.drawn();
}

/** Indices of the shards to search, in their order: all, or as many drawn ones as have `maxWindows` windows. */
export function chooseSearched(
  tables: readonly Pick<ShardTable, "split" | "kind" | "windows">[],
  { maxWindows, random }: { readonly maxWindows: number; readonly random: Random },
): number[] {
  const all = [...tables.keys()].filter((shard) => isSearched(tables[shard]!));
  let windows = 0;
  const taken = random.shuffle(all).filter((shard) => {
    windows += tables[shard]!.windows.length;
    return windows <= maxWindows;
  });
  return taken.toSorted((a, b) => a - b);
}

/** Whether hard negatives are searched in a shard. */
export const isSearched = ({ split, kind }: Pick<ShardTable, "split" | "kind">): boolean =>
  split === "train" && SEARCHED.has(negativeGroupOf(kind));

/** Windows with lower scores are not hard; openWakeWord also leaves them out of its batches. */
const MIN_SCORE = 1e-3;
/** Neighbouring windows of a clip are nearly the same. */
const MAX_PER_CLIP = 2;

/**
 * Draws windows without replacement, with probability by score (Efraimidis and Spirakis 2006: the largest of
 * `u^(1/score)`), at most two per clip. The highest scores alone would come from a few clips, often with wrong labels.
 */
export class HardNegatives {
  readonly #keep: number;
  readonly #random: Random;
  #drawn: (WindowPlace & { readonly key: number })[] = [];

  constructor({ keep, random }: { readonly keep: number; readonly random: Random }) {
    this.#keep = keep;
    this.#random = random;
  }

  /** Adds the negative windows of a shard. */
  offer(
    table: Pick<WindowTable, "clipOf">,
    { shard, windows, scores }: { shard: number; windows: readonly number[]; scores: readonly number[] },
  ): void {
    const random = this.#random.fork(shard);
    const ofClips = new Map<number, number>();
    const drawn = windows
      .map((window, i) => ({ shard, window, score: scores[i]!, key: Math.log(random.next()) / scores[i]! }))
      .filter(({ score }) => score >= MIN_SCORE)
      .toSorted((a, b) => b.key - a.key)
      .filter(({ window }) => {
        const clip = table.clipOf(window);
        const count = (ofClips.get(clip) ?? 0) + 1;
        ofClips.set(clip, count);
        return count <= MAX_PER_CLIP;
      })
      .slice(0, this.#keep);
    this.#drawn.push(...drawn);
    if (this.#drawn.length > 2 * this.#keep) this.#cut();
  }

  drawn(): WindowPlace[] {
    this.#cut();
    return this.#drawn.map(({ shard, window }) => ({ shard, window }));
  }

  #cut(): void {
    this.#drawn = this.#drawn.toSorted((a, b) => b.key - a.key).slice(0, this.#keep);
  }
}
