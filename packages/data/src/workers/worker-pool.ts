import { CallsignError } from "@callsign/audio/internal";
import { Tinypool } from "tinypool";

import type { WorkOutcome } from "./worker-task.ts";

/** Worker threads that do one kind of task. */
export interface WorkerPool<Task, Result> {
  /** @throws CallsignError what the task threw; `WORKER_FAILED` where the thread broke down, `ABORTED` */
  run(task: Task, signal?: AbortSignal): Promise<Result>;
  dispose(): Promise<void>;
}

export interface WorkerPoolOptions {
  /** The caller's `import.meta.url`. */
  readonly from: string;
  /** Module beside it, without extension, that exports `work` (see `workWith`): `./shard-worker`. */
  readonly module: string;
  /** What every thread is started with: plain data. */
  readonly data: unknown;
  readonly workers: number;
  /** What they do, for messages. */
  readonly what: string;
}

/** Starts worker threads, of the built package or of its sources. */
export function startWorkers<Task, Result>(options: WorkerPoolOptions): WorkerPool<Task, Result> {
  const { from, data, workers, what } = options;
  const isSource = from.endsWith(".ts");
  const module = new URL(`${options.module}.${isSource ? "ts" : "js"}`, from).href;
  const pool = new Tinypool({
    filename: isSource ? new URL("worker-from-source.mjs", import.meta.url).href : module,
    name: "work",
    minThreads: workers,
    maxThreads: workers,
    workerData: { module, data },
    ...(isSource && { execArgv: ["--conditions=@callsign/source"] }),
  });
  return {
    async run(task, signal) {
      const outcome: WorkOutcome<Result> = await pool
        .run(task, signal ? { signal } : {})
        .catch((cause: unknown) => {
          if (signal?.aborted)
            throw new CallsignError("ABORTED", `${what}: stopped; run it again to continue`, { cause });
          throw new CallsignError("WORKER_FAILED", `${what}: a worker thread broke down: ${String(cause)}`, {
            cause,
          });
        });
      if ("error" in outcome) throw new CallsignError(outcome.error.code, outcome.error.message);
      return outcome.result;
    },
    dispose: () => pool.destroy(),
  };
}
