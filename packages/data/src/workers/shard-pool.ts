import { startWorkers } from "./worker-pool.ts";
import type { ShardPlan } from "../features/shard-plan.ts";
import { type ShardFile, type ShardSetup, ShardTask } from "./shard-task.ts";

/** Makes shards, several at once where there are several workers. */
export interface ShardPool {
  run(plan: ShardPlan): Promise<ShardFile>;
  dispose(): Promise<void>;
}

/** With one worker, this thread itself; else worker threads. The shards are the same. */
export function createShardPool(
  setup: ShardSetup,
  { workers, signal }: { readonly workers: number; readonly signal?: AbortSignal | undefined },
): ShardPool {
  if (workers === 1) return new ShardTask(setup);
  const pool = startWorkers<ShardPlan, ShardFile>({
    from: import.meta.url,
    module: "./shard-worker",
    data: setup,
    workers,
    what: "features",
  });
  return { run: (plan) => pool.run(plan, signal), dispose: () => pool.dispose() };
}
