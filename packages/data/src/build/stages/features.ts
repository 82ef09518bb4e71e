import { join } from "node:path";

import type { Progress } from "@callsign/infer/internal";
import type { ChosenEmbedding } from "@callsign/infer/node/internal";

import { type BuildContext, throwIfStopped } from "../build-context.ts";
import { readJson, sha256Of, writeJson } from "../../store/build-folder.ts";
import { checkFile } from "../../store/check-file.ts";
import type { CollectedSet } from "../../store/clip-set.ts";
import { featureSettings } from "../../features/feature-settings.ts";
import { plannedSeconds, type ShardPlan, planShards } from "../../features/shard-plan.ts";
import { type ShardEntry, shardPath } from "../../features/write-shard.ts";
import { buildShares } from "../../split.ts";
import { createPool, type WorkerPool } from "../../workers/pool.ts";

interface Building {
  readonly sets: readonly CollectedSet[];
  readonly embedding: ChosenEmbedding;
  /** Receives the path of every file that belongs to a shard. */
  readonly used: Set<string>;
}

/** Stage `features`: augments, places, embeds and writes every shard that is missing, stale or damaged. */
export async function* buildShards(
  context: BuildContext,
  { sets, embedding, used }: Building,
): AsyncGenerator<Progress, ShardEntry[]> {
  const { config, out, workers, identity, openPool = createPool } = context;
  const settings = featureSettings(config, embedding);
  const options = {
    settings,
    sets,
    shardSeconds: config.data.shardMinutes * 60,
    scenes: config.data.scenes.count,
    shares: buildShares(config.data.splits),
  };
  const total = Math.round(plannedSeconds(options));
  const entries: ShardEntry[] = [];
  const copies = new Map<string, number>();
  const setup = { out, settings, embeddingPath: embedding.path, identity };
  const pool = openPool("features", { setup, workers: workers === 1 ? 0 : workers });
  let done = 0;
  try {
    for await (const { place, plan, entry } of makeAll(planShards(options), { context, pool })) {
      entries[place] = entry;
      used.add(shardPath(plan.id)).add(recordPath(plan.id));
      countCopies(plan, copies);
      done += plan.seconds;
      yield { stage: "features", done: Math.round(done), total, unit: "seconds of audio", note: plan.id };
    }
  } finally {
    await pool.dispose();
  }
  noteLeftOut(context, copies, entries);
  return entries;
}

/** Adds the copies of a shard, by label. */
function countCopies({ items }: ShardPlan, copies: Map<string, number>): void {
  for (const item of items)
    if ("clips" in item) {
      const { label } = item.clips[0]!;
      copies.set(label, (copies.get(label) ?? 0) + 1);
    }
}

/** Notes the number of copies of phrases that are longer than the window. */
function noteLeftOut(
  { config: { windowing }, onNote }: BuildContext,
  copies: ReadonlyMap<string, number>,
  entries: readonly ShardEntry[],
): void {
  if (windowing.kind === "sliding-audio") return;
  const leftOut = new Map<string, number>();
  for (const [label, count] of entries.flatMap((entry) => Object.entries(entry.leftOut)))
    leftOut.set(label, (leftOut.get(label) ?? 0) + count);
  for (const [label, count] of leftOut)
    onNote?.(
      `features: ${count} of ${copies.get(label)} copies of ${JSON.stringify(label)} are left out because they are ` +
        `longer than the window at every speed drawn; set windowing.embeddings larger than ${windowing.embeddings} to keep them`,
    );
}

interface Made {
  /** Place in the order of the plans. */
  readonly place: number;
  readonly plan: ShardPlan;
  readonly entry: ShardEntry;
}

/** Makes the shards that an earlier run has not made, several at once, and yields all as they are found or finished. */
async function* makeAll(
  plans: Iterable<ShardPlan>,
  { context, pool }: { context: BuildContext; pool: WorkerPool<"features"> },
): AsyncGenerator<Made> {
  const running = new Map<number, Promise<Made>>();
  const start = async (plan: ShardPlan, place: number): Promise<Made> => {
    const file = await pool.run(plan, context.signal);
    const { split, source, kind, inputsSha256 } = plan;
    const entry = { ...file, split, source, kind, inputsSha256 };
    await writeJson(join(context.out, recordPath(plan.id)), { key: shardKey(plan, context), entry });
    return { place, plan, entry };
  };
  const finish = async (): Promise<Made> => {
    const finished = await Promise.race(running.values());
    running.delete(finished.place);
    return finished;
  };
  try {
    let place = 0;
    for (const plan of plans) {
      throwIfStopped(context, "features");
      const entry = await readRecord(context, plan);
      if (entry !== undefined) yield { place, plan, entry };
      else {
        const made = start(plan, place);
        // Awaited below; a failure meanwhile must not end the process.
        made.catch(() => undefined);
        running.set(place, made);
      }
      place++;
      if (running.size >= (pool.atOnce ?? context.workers)) yield await finish();
    }
    while (running.size > 0) {
      throwIfStopped(context, "features");
      yield await finish();
    }
  } finally {
    // Shards in progress are finished, so that the next run need not make them.
    await Promise.allSettled(running.values());
  }
}

/** Entry of a shard that an earlier run made, if its inputs are the same and the file is undamaged. */
async function readRecord(context: BuildContext, plan: ShardPlan): Promise<ShardEntry | undefined> {
  const { out, onNote } = context;
  const found = (await readJson(join(out, recordPath(plan.id)))) as
    | { key: string; entry: ShardEntry }
    | undefined;
  if (found?.key !== shardKey(plan, context) || typeof found.entry?.path !== "string") return undefined;
  const state = await checkFile(join(out, found.entry.path), {
    ...found.entry,
    record: join(out, recordPath(plan.id)),
    isVerified: context.isVerified,
  });
  if (state === "unchanged") return found.entry;
  if (state === "changed")
    onNote?.(`features: ${found.entry.path} is not as it was written; it is made again`);
  return undefined;
}

/** Hash of the inputs and of the version that makes features of them. */
const shardKey = ({ inputsSha256 }: ShardPlan, { identity }: BuildContext): string =>
  sha256Of({ version: 3, inputsSha256, tool: identity.version });

const recordPath = (id: string): string => `state/shards/${id}.json`;
