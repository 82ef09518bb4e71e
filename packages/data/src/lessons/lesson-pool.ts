import { startWorkers } from "../workers/worker-pool.ts";
import { type LessonSetup, LessonTask } from "./lesson-task.ts";
import type { LessonPlan } from "./make-lessons.ts";

/** Makes shards of lessons, several at once where there are several workers. */
export interface LessonPool {
  /** Path of the shard's file, made unless it is there already. */
  run(plan: Pick<LessonPlan, "split" | "index">): Promise<string>;
  dispose(): Promise<void>;
}

/** With no workers, this thread itself; else worker threads. The lessons are the same. */
export function createLessonPool(setup: LessonSetup, { workers }: { readonly workers: number }): LessonPool {
  if (workers === 0) return new LessonTask(setup);
  const pool = startWorkers<Pick<LessonPlan, "split" | "index">, string>({
    from: import.meta.url,
    module: "./lesson-worker",
    data: setup,
    workers,
    what: "lessons",
  });
  return { run: (plan) => pool.run(plan), dispose: () => pool.dispose() };
}
