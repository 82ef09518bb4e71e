import { join } from "node:path";

import type { Progress } from "@callsign/infer/internal";
import { type ChosenEmbedding, sha256File } from "@callsign/infer/node/internal";

import { type BuildContext, throwIfStopped } from "../build-context.ts";
import { readJson, sha256Of, writeJson } from "../../store/build-folder.ts";
import type { CollectedSet } from "../../store/clip-set.ts";
import { featureSettings } from "../../features/feature-settings.ts";
import { type ShardPlan, planShards } from "../../features/shard-plan.ts";
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
  const { config, out, workers, identity } = context;
  const settings = featureSettings(config, embedding);
  const plans = planShards({
    settings,
    sets,
    shardSeconds: config.data.shardMinutes * 60,
    scenes: config.data.scenes.count,
    shares: buildShares(config.data.splits),
  });
  const total = Math.round(plans.reduce((sum, { seconds }) => sum + seconds, 0));
  const entries = new Map<string, ShardEntry>();
  let done = 0;
  const finish = (plan: ShardPlan, entry: ShardEntry): Progress => {
    entries.set(plan.id, entry);
    used.add(shardPath(plan.id)).add(recordPath(plan.id));
    done += plan.seconds;
    return { stage: "features", done: Math.round(done), total, unit: "seconds of audio", note: plan.id };
  };
  const missing: ShardPlan[] = [];
  for (const plan of plans) {
    const entry = await readRecord(context, plan);
    if (entry === undefined) missing.push(plan);
    else yield finish(plan, entry);
  }
  if (missing.length > 0) {
    const setup = { out, settings, embeddingPath: embedding.path, identity };
    const pool = createPool("features", { setup, workers: workers === 1 ? 0 : workers });
    try {
      for await (const { plan, entry } of runAll(missing, { context, pool })) yield finish(plan, entry);
    } finally {
      await pool.dispose();
    }
  }
  const made = plans.map(({ id }) => entries.get(id)!);
  noteLeftOut(context, plans, made);
  return made;
}

/** Notes the number of copies of phrases that are longer than the window. */
function noteLeftOut(
  { config: { windowing }, onNote }: BuildContext,
  plans: readonly ShardPlan[],
  entries: readonly ShardEntry[],
): void {
  if (windowing.kind === "sliding-audio") return;
  const planned = new Map<string, number>();
  for (const item of plans.flatMap(({ items }) => items))
    if ("clips" in item) {
      const { label } = item.clips[0]!;
      planned.set(label, (planned.get(label) ?? 0) + 1);
    }
  const leftOut = new Map<string, number>();
  for (const [label, count] of entries.flatMap((entry) => Object.entries(entry.leftOut)))
    leftOut.set(label, (leftOut.get(label) ?? 0) + count);
  for (const [label, count] of leftOut)
    onNote?.(
      `features: ${count} of ${planned.get(label)} copies of ${JSON.stringify(label)} are left out because they are ` +
        `longer than the window at every speed drawn; set windowing.embeddings larger than ${windowing.embeddings} to keep them`,
    );
}

/** Makes shards, several at once, and yields them as they finish. */
async function* runAll(
  plans: readonly ShardPlan[],
  { context, pool }: { context: BuildContext; pool: WorkerPool<"features"> },
): AsyncGenerator<{ plan: ShardPlan; entry: ShardEntry }> {
  const running = new Map<ShardPlan, Promise<{ plan: ShardPlan; entry: ShardEntry }>>();
  const start = async (plan: ShardPlan) => {
    const file = await pool.run(plan, context.signal);
    const { split, source, kind, inputsSha256 } = plan;
    const entry = { ...file, split, source, kind, inputsSha256 };
    await writeJson(join(context.out, recordPath(plan.id)), { key: shardKey(plan, context), entry });
    return { plan, entry };
  };
  try {
    for (let next = 0; next < plans.length || running.size > 0;) {
      throwIfStopped(context, "features");
      for (; next < plans.length && running.size < context.workers; next++)
        running.set(plans[next]!, start(plans[next]!));
      const finished = await Promise.race(running.values());
      running.delete(finished.plan);
      yield finished;
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
  const sha256 = await sha256File(join(out, found.entry.path)).catch(() => undefined);
  if (sha256 === found.entry.sha256) return found.entry;
  if (sha256 !== undefined)
    onNote?.(`features: ${found.entry.path} is not as it was written; it is made again`);
  return undefined;
}

/** Hash of the inputs and of the version that makes features of them. */
const shardKey = ({ inputsSha256 }: ShardPlan, { identity }: BuildContext): string =>
  sha256Of({ version: 3, inputsSha256, tool: identity.version });

const recordPath = (id: string): string => `state/shards/${id}.json`;
