import { CallsignError } from "@callsign/audio/internal";
import { Tinypool } from "tinypool";

import { openTask, type OpenTask, type TaskName, type Tasks } from "./tasks.ts";
import type { WorkerStart, WorkOutcome } from "./worker.ts";

/** Threads that do one kind of task. */
export interface WorkerPool<Name extends TaskName> {
  /**
   * @throws CallsignError thrown by the task; `WORKER_FAILED` if the thread ends or throws anything else; `ABORTED`
   */
  run(input: Tasks[Name]["input"], signal?: AbortSignal): Promise<Tasks[Name]["output"]>;
  /** Announces inputs that `run` will get, in this order, to a pool that can begin with them. */
  prepare?(inputs: Iterable<Tasks[Name]["input"]>): void;
  /** Inputs to have in progress. Default: one or two for each worker of this process. */
  readonly atOnce?: number;
  dispose(): Promise<void>;
}

export interface PoolOptions<Name extends TaskName> {
  /** Given once to every thread. */
  readonly setup: Tasks[Name]["setup"];
  /** Number of threads; 0 does the tasks in this one. The output does not depend on it. */
  readonly workers: number;
}

/** Opens pools: `createPool`, or one whose workers are other machines. */
export type OpenPool = typeof createPool;

/** Opens a pool for one task of the table in `tasks.ts`. Threads start with the first task. */
export function createPool<Name extends TaskName>(
  task: Name,
  { setup, workers }: PoolOptions<Name>,
): WorkerPool<Name> {
  return workers === 0 ? inThisThread(task, setup) : inThreads(task, { setup, workers });
}

function inThisThread<Name extends TaskName>(task: Name, setup: Tasks[Name]["setup"]): WorkerPool<Name> {
  let opened: Promise<OpenTask<Name>> | undefined;
  return {
    async run(input) {
      opened ??= openTask(task, setup);
      return (await opened).run(input);
    },
    async dispose() {
      const open = await opened?.catch(() => undefined);
      await open?.dispose?.();
    },
  };
}

function inThreads<Name extends TaskName>(
  task: Name,
  { setup, workers }: PoolOptions<Name>,
): WorkerPool<Name> {
  const isSource = import.meta.url.endsWith(".ts");
  const start: WorkerStart = { task, setup };
  let pool: Tinypool | undefined;
  const open = (): Tinypool =>
    new Tinypool({
      filename: new URL(isSource ? "worker-from-source.mjs" : "worker.js", import.meta.url).href,
      name: "work",
      minThreads: workers,
      maxThreads: workers,
      workerData: start,
      ...(isSource && { execArgv: ["--conditions=@callsign/source"] }),
    });
  return {
    async run(input, signal) {
      pool ??= open();
      const outcome: WorkOutcome<Tasks[Name]["output"]> = await pool
        .run(input, signal ? { signal } : {})
        .catch((cause: unknown) => {
          if (signal?.aborted)
            throw new CallsignError("ABORTED", `${task}: stopped; run it again to continue`, { cause });
          throw new CallsignError("WORKER_FAILED", `${task}: a worker thread failed: ${String(cause)}`, {
            cause,
          });
        });
      if ("error" in outcome) throw new CallsignError(outcome.error.code, outcome.error.message);
      return outcome.output;
    },
    dispose: async () => pool?.destroy(),
  };
}
