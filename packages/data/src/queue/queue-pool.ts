import { createPool, type OpenPool, type PoolOptions, type WorkerPool } from "../workers/pool.ts";
import type { EngineEnvironment } from "../voices/create-engines.ts";
import type { TaskName } from "../workers/tasks.ts";
import type { JobQueue } from "./job-queue.ts";
import type { OpenHandler } from "./run-worker.ts";
import { openFeaturesJob, queueFeatures } from "./tasks/features-task.ts";
import { queueSynthesis, synthesisJobs } from "./tasks/synthesis-task.ts";

/** Sides of the planner, for the tasks that other machines take; the others stay in this process. */
const QUEUED = { features: queueFeatures, synthesis: queueSynthesis };

/** `openPool` of a build whose workers are other machines. */
export const openQueuePool =
  (queue: JobQueue): OpenPool =>
  <Name extends TaskName>(task: Name, options: PoolOptions<Name>): WorkerPool<Name> => {
    if (!(task in QUEUED)) return createPool(task, options);
    const open = QUEUED[task as keyof typeof QUEUED] as unknown as (
      queue: JobQueue,
      setup: PoolOptions<Name>["setup"],
    ) => WorkerPool<Name>;
    return open(queue, options.setup);
  };

/** Sides of the worker, for the tasks of a data build. */
export const dataJobs = (environment: EngineEnvironment): Readonly<Record<string, OpenHandler>> => ({
  features: openFeaturesJob,
  synthesis: synthesisJobs(environment),
});
