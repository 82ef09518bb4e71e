import { connectQueue, type ReportedProgress } from "./redis.ts";

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
export async function readQueueState(url: string): Promise<QueueState> {
  const access = await connectQueue(url);
  try {
    const {
      waiting = 0,
      active = 0,
      delayed = 0,
      failed = 0,
    } = await access.queue.getJobCounts("waiting", "active", "delayed", "failed");
    const workers = await access.queue.getWorkers();
    const { data } = await access.queue.getMetrics("completed", 0, 9);
    return {
      jobs: { waiting, running: active, retried: delayed, failed },
      workers: workers.map((worker) => worker["rawname"]?.replace(/^.*:w:/, "") ?? "").toSorted(),
      donePerMinute: data,
      builds: await access.readProgress(),
    };
  } finally {
    await access.close();
  }
}

/** Jobs that failed for good, the latest first. @throws CallsignError as `connectQueue` */
export async function listFailedJobs(url: string): Promise<FailedJob[]> {
  const access = await connectQueue(url);
  try {
    const jobs = await access.queue.getFailed();
    return jobs.map(({ id, name, failedReason, attemptsMade, finishedOn }) => ({
      id: id ?? "",
      task: name,
      reason: failedReason,
      tries: attemptsMade,
      failedAt: new Date(finishedOn ?? 0),
    }));
  } finally {
    await access.close();
  }
}

/** Has failed jobs tried again. @returns their number @throws CallsignError as `connectQueue` */
export async function retryFailedJobs(url: string): Promise<number> {
  const access = await connectQueue(url);
  try {
    const count = await access.queue.getFailedCount();
    await access.queue.retryJobs({ state: "failed" });
    return count;
  } finally {
    await access.close();
  }
}

/** Discards the jobs that wait. Those in progress end; what is done stays in the store. @returns their number @throws CallsignError as `connectQueue` */
export async function discardJobs(url: string): Promise<number> {
  const access = await connectQueue(url);
  try {
    const count = await access.queue.getJobCountByTypes("waiting", "delayed");
    await access.queue.drain(true);
    return count;
  } finally {
    await access.close();
  }
}
