import { CallsignError } from "@callsign/infer";
import { Tinypool } from "tinypool";

import type { ShardPlan } from "./shard-plan.ts";
import { type ShardFile, type ShardSetup, ShardTask } from "./shard-task.ts";
import type { ShardOutcome } from "./shard-worker.ts";

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
  const isSource = import.meta.url.endsWith(".ts");
  const pool = new Tinypool({
    filename: new URL(isSource ? "./shard-worker-from-source.mjs" : "./shard-worker.js", import.meta.url)
      .href,
    name: "runShard",
    minThreads: workers,
    maxThreads: workers,
    workerData: setup,
    ...(isSource && { execArgv: ["--conditions=@callsign/source"] }),
  });
  return {
    async run(plan) {
      const outcome: ShardOutcome = await pool.run(plan, signal ? { signal } : {}).catch((cause: unknown) => {
        if (signal?.aborted) throw new CallsignError("ABORTED", `shard ${plan.id}: stopped`, { cause });
        throw new CallsignError(
          "WORKER_FAILED",
          `shard ${plan.id}: a worker thread broke down: ${String(cause)}`,
          {
            cause,
          },
        );
      });
      if ("error" in outcome) throw new CallsignError(outcome.error.code, outcome.error.message);
      return outcome;
    },
    dispose: () => pool.destroy(),
  };
}
