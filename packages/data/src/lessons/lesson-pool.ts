import { CallsignError } from "@callsign/infer";
import { Tinypool } from "tinypool";

import { type LessonSetup, LessonTask } from "./lesson-task.ts";
import type { LessonOutcome } from "./lesson-worker.ts";
import type { LessonPlan } from "./make-lessons.ts";

/** Makes shards of lessons, several at once where there are several workers. */
export interface LessonPool {
  /** Path of the shard's file, made unless it is there already. */
  run(plan: Pick<LessonPlan, "split" | "index">): Promise<string>;
  dispose(): Promise<void>;
}

/** With no workers, this thread itself; else worker threads. The lessons are the same. */
export function createLessonPool(
  setup: LessonSetup,
  { workers, signal }: { readonly workers: number; readonly signal?: AbortSignal | undefined },
): LessonPool {
  if (workers === 0) return new LessonTask(setup);
  const isSource = import.meta.url.endsWith(".ts");
  const pool = new Tinypool({
    filename: new URL(isSource ? "./lesson-worker-from-source.mjs" : "./lesson-worker.js", import.meta.url)
      .href,
    name: "runLessons",
    minThreads: workers,
    maxThreads: workers,
    workerData: setup,
    ...(isSource && { execArgv: ["--conditions=@callsign/source"] }),
  });
  return {
    async run(plan) {
      const outcome: LessonOutcome = await pool
        .run(plan, signal ? { signal } : {})
        .catch((cause: unknown) => {
          if (signal?.aborted) throw new CallsignError("ABORTED", "lessons: stopped", { cause });
          throw new CallsignError("WORKER_FAILED", `lessons: a worker thread broke down: ${String(cause)}`, {
            cause,
          });
        });
      if (typeof outcome === "string") return outcome;
      throw new CallsignError(outcome.error.code, outcome.error.message);
    },
    dispose: () => pool.destroy(),
  };
}
