import { connectQueue, type QueueAccess, type ReportedProgress } from "./redis.ts";

/** Jobs, workers and builds of a queue. */
export interface QueueState {
  readonly jobs: {
    readonly waiting: number;
    readonly running: number;
    readonly retried: number;
    readonly failed: number;
  };
  /** Names of the workers, `host-pid`. */
  readonly workers: readonly string[];
  /** Jobs done in each of the last minutes, the latest first; the current minute is not among them. */
  readonly donePerMinute: readonly number[];
  /** Latest progress of each build, by name. */
  readonly builds: Readonly<Record<string, ReportedProgress>>;
}

/** A job that failed for good. */
export interface FailedJob {
  readonly id: string;
  readonly task: string;
  /** Code, message and machine of the last error. */
  readonly reason: string;
  readonly tries: number;
  readonly failedAt: Date;
}

/** @throws CallsignError as `connectQueue` */
export const readQueueState = (url: string): Promise<QueueState> =>
  onQueue(url, async ({ queue, readProgress }) => {
    const {
      waiting = 0,
      active = 0,
      delayed = 0,
      failed = 0,
    } = await queue.getJobCounts("waiting", "active", "delayed", "failed");
    const workers = await queue.getWorkers();
    const { data } = await queue.getMetrics("completed", 0, 9);
    return {
      jobs: { waiting, running: active, retried: delayed, failed },
      workers: workers.map((worker) => worker["rawname"]?.replace(/^.*:w:/, "") ?? "").toSorted(),
      donePerMinute: data,
      builds: await readProgress(),
    };
  });

/** Jobs that failed for good, the latest first. @throws CallsignError as `connectQueue` */
export const listFailedJobs = (url: string): Promise<FailedJob[]> =>
  onQueue(url, async ({ queue }) => {
    const jobs = await queue.getFailed();
    return jobs.map(({ id, name, failedReason, attemptsMade, finishedOn }) => ({
      id: id ?? "",
      task: name,
      reason: failedReason,
      tries: attemptsMade,
      failedAt: new Date(finishedOn ?? 0),
    }));
  });

/** Has failed jobs tried again. @returns their number @throws CallsignError as `connectQueue` */
export const retryFailedJobs = (url: string): Promise<number> =>
  onQueue(url, async ({ queue }) => {
    const count = await queue.getFailedCount();
    await queue.retryJobs({ state: "failed" });
    return count;
  });

/** Discards the jobs that wait. Those in progress end; what is done stays in the store. @returns their number @throws CallsignError as `connectQueue` */
export const discardJobs = (url: string): Promise<number> =>
  onQueue(url, async ({ queue }) => {
    const count = await queue.getJobCountByTypes("waiting", "delayed");
    await queue.drain(true);
    return count;
  });

/** Connects to a queue for the time of `use`. */
async function onQueue<Result>(url: string, use: (access: QueueAccess) => Promise<Result>): Promise<Result> {
  const access = await connectQueue(url);
  try {
    return await use(access);
  } finally {
    await access.close();
  }
}
