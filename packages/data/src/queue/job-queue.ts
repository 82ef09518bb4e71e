import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { CallsignError } from "@callsign/audio/internal";
import type { ToolIdentity } from "@callsign/infer/node/internal";

import { type JobOutput, jobId, type JobRequest, jobRecords, storeId } from "./job.ts";
import { connectQueue, type ReportedProgress } from "./redis.ts";
import { announce, requirementsHere, requirementsId } from "./requirements.ts";
import type { ArtifactStore } from "./store/artifact-store.ts";

/** Jobs for other machines. */
export interface JobQueue {
  readonly store: ArtifactStore;
  /**
   * Has a job done. One whose output is in the store is not done again.
   * @throws CallsignError `WORKER_FAILED` after the last try, `STORE_FAILED`, `ABORTED`
   */
  run(request: JobRequest, signal?: AbortSignal): Promise<JobOutput>;
  /** Discards an output whose files turned out to be damaged, so that `run` has it made again. */
  discard(request: JobRequest): Promise<void>;
  /** Records how far a build is, for `readQueueState`. */
  report(build: string, progress: Omit<ReportedProgress, "at">): void;
  /** Ends the connection; jobs that wait are left to the workers. */
  close(): Promise<void>;
}

export interface JobQueueOptions {
  /** `redis://host:port/database` */
  readonly url: string;
  readonly store: ArtifactStore;
  readonly identity: ToolIdentity;
  /** Called when jobs wait without a worker, or Redis does not answer. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Tries of a job that throws; a worker that dies in it counts apart, see `runWorker`. */
const MAX_TRIES = 3;
/** Events may be lost when Redis restarts, so jobs that are waited for are looked at in this interval, too. */
const LOOK_EVERY_MS = 3000;
/** NFS may show a new file late to a machine that has looked for it before. */
const LATE_FILE_MS = 1000;

/**
 * Opens the planner's side of a queue.
 * @throws CallsignError `QUEUE_FAILED`, `VERSION_MISMATCH` if jobs of another version wait in it, `DEPENDENCY_MISSING`, `STORE_FAILED`
 */
export async function openJobQueue({ url, store, identity, onNote }: JobQueueOptions): Promise<JobQueue> {
  const here = requirementsHere(identity, { store: await storeId(store) });
  const access = await connectQueue(url);
  try {
    await announce(access, here);
  } catch (error) {
    await access.close();
    throw error;
  }
  const needs = requirementsId(here);
  const records = jobRecords(store);
  const { redis, queue } = access;
  const events = access.openEvents();
  const waiting = new Map<string, Waiting>();
  const settle = (id: string, end: (job: Waiting) => void): void => {
    const job = waiting.get(id);
    if (job === undefined) return;
    waiting.delete(id);
    end(job);
  };
  const fail = (id: string, reason: string): void =>
    settle(id, ({ task, reject }) =>
      reject(
        new CallsignError(
          "WORKER_FAILED",
          `${task}: job ${id.slice(0, 12)} failed after ${MAX_TRIES} tries: ${reason}; ` +
            `callsign worker --queue ${access.url} --failed lists such jobs, and running the build again retries them`,
        ),
      ),
    );

  /** Adds a job unless it waits or runs already; one that has ended is added anew. */
  async function enqueue(id: string): Promise<void> {
    const job = waiting.get(id);
    if (job === undefined) return;
    const ended = await queue.getJob(id);
    if (ended !== undefined && ["completed", "failed"].includes(await ended.getState())) await ended.remove();
    await queue.add(
      job.task,
      { needs },
      {
        jobId: id,
        attempts: MAX_TRIES,
        backoff: { type: "exponential", delay: 2000 },
        // The output is in the store.
        removeOnComplete: { count: 1000 },
      },
    );
  }

  async function finish(id: string): Promise<void> {
    if (!waiting.has(id)) return;
    try {
      let output = await records.readOutput(id);
      if (output === undefined) {
        await sleep(LATE_FILE_MS);
        output = await records.readOutput(id);
      }
      const found = output;
      if (found === undefined) await enqueue(id);
      else settle(id, ({ resolve }) => resolve(found));
    } catch (error) {
      settle(id, ({ reject }) => reject(error));
    }
  }

  /** Finds out about jobs whose events, or that themselves, were lost. */
  async function look(): Promise<void> {
    const before = Date.now() - LOOK_EVERY_MS;
    for (const [id, { since }] of waiting) {
      if (since > before) continue;
      const state = await queue.getJobState(id);
      if (state === "completed" || state === "unknown") await finish(id);
      else if (state === "failed")
        fail(id, (await queue.getJob(id))?.failedReason ?? "for an unknown reason");
    }
    if (waiting.size > 0 && (await queue.getWorkersCount()) === 0)
      onNote?.(`no worker is connected to ${access.url}: callsign worker --queue ... --store ... starts one`);
  }

  events.on("completed", ({ jobId: id }) => void finish(id));
  events.on("failed", ({ jobId: id, failedReason }) => fail(id, failedReason));
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch((error: unknown) => onNote?.(`${access.url}: ${String(error)}; trying again`))
      .finally(() => (looking = false));
  }, LOOK_EVERY_MS);
  let reportedMs = 0;
  return {
    store,
    async run(request, signal) {
      const id = jobId(request, needs);
      const known = waiting.get(id);
      if (known !== undefined) return known.ended;
      const made = await records.readOutput(id);
      if (made !== undefined) return made;
      const stopped = (): CallsignError => new CallsignError("ABORTED", `${request.task}: stopped`);
      if (signal?.aborted) throw stopped();
      await records.writeRequest(id, request);
      const { promise, resolve, reject } = withResolvers<JobOutput>();
      waiting.set(id, { task: request.task, since: Date.now(), ended: promise, resolve, reject });
      const stop = (): void => settle(id, () => reject(stopped()));
      // A thousand jobs wait with one signal.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener("abort", stop, { once: true });
      try {
        await enqueue(id);
        return await promise;
      } finally {
        waiting.delete(id);
        signal?.removeEventListener("abort", stop);
      }
    },
    discard: (request) => records.removeOutput(jobId(request, needs)),
    report(build, progress) {
      const now = Date.now();
      if (now - reportedMs < 1000 && progress.done !== progress.total) return;
      reportedMs = now;
      access.writeProgress(build, { ...progress, at: now });
    },
    async close() {
      clearInterval(timer);
      await events.close();
      await access.close();
      redis.disconnect();
    },
  };
}

interface Waiting {
  readonly task: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly ended: Promise<JobOutput>;
  readonly resolve: (output: JobOutput) => void;
  readonly reject: (error: unknown) => void;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  // oxlint-disable-next-line promise/avoid-new -- ended by events
  const promise = new Promise<Value>((...ends) => {
    [resolve, reject] = ends;
  });
  return { promise, resolve, reject };
}
