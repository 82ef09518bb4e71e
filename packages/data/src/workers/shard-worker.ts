import { workWith } from "./worker-task.ts";
import type { ShardPlan } from "../features/shard-plan.ts";
import { type ShardFile, type ShardSetup, ShardTask } from "./shard-task.ts";

/** Entry point of a worker thread that makes shards. */
export const work = workWith<ShardPlan, ShardFile>((setup) => {
  const task = new ShardTask(setup as ShardSetup);
  return (plan) => task.run(plan);
});
