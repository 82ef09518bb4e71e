import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";
import { sha256File, type ToolIdentity } from "@callsign/infer/node/internal";
import type { Job } from "bullmq";

import { sha256Of } from "../store/build-folder.ts";
import { type JobFile, jobId, type JobOutput, jobRecords, type QueuedJob, storeId } from "./job.ts";
import { fetchFiles } from "./job-files.ts";
import { connectQueue } from "./redis.ts";
import { checkWorker, requirementsHere, requirementsId } from "./requirements.ts";
import { type ArtifactStore, blobKey } from "./store/artifact-store.ts";

/** One kind of job, open for one setup. */
export interface JobHandler {
  /** Its output differs from run to run, so the first one counts. Default: two that differ are an error. */
  readonly varies?: boolean;
  /** Does a job whose files are in `folder`, and writes its own there. @returns what is made, and its files */
  run(
    input: unknown,
    signal: AbortSignal,
  ): Promise<{ readonly value: unknown; readonly files: readonly string[] }>;
  dispose?(): Promise<void>;
}

/** Opens the handler of a task. `folder` holds the files of one job at a time. */
export type OpenHandler = (setup: unknown, options: { readonly folder: string }) => Promise<JobHandler>;

export interface WorkerOptions {
  readonly url: string;
  readonly store: ArtifactStore;
  readonly identity: ToolIdentity;
  readonly handlers: Readonly<Record<string, OpenHandler>>;
  /** Jobs at a time. */
  readonly workers: number;
  /** Ends the worker when there has been no job for so long. Default: it waits for more. */
  readonly idleSeconds?: number | undefined;
  /** Finishes the jobs in progress, hands back those that stop earlier, and ends. */
  readonly signal: AbortSignal;
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

export type WorkerEvent =
  | { readonly kind: "ready"; readonly url: string }
  | {
      readonly kind: "done";
      readonly task: string;
      readonly id: string;
      readonly seconds: number;
      readonly known: boolean;
    }
  | { readonly kind: "failed"; readonly task: string; readonly id: string; readonly reason: string };

/** A lock that is not renewed for so long is lost: the worker is dead or cut off, and another takes its job. */
const LOCK_MS = 30_000;
/** Workers that may die in a job before it is listed as failed: it may be what kills them. */
const MAX_DEATHS = 4;

/**
 * Takes jobs until it is stopped.
 * @throws CallsignError `VERSION_MISMATCH`, `DEPENDENCY_MISSING` and `MODEL_NOT_FOUND` where this machine cannot do the jobs:
 *   they are handed back; `QUEUE_FAILED`, `STORE_FAILED`
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { store, handlers, workers, idleSeconds, signal, onEvent } = options;
  const here = requirementsHere(options.identity, { store: await storeId(store) });
  const needs = requirementsId(here);
  const records = jobRecords(store);
  const access = await connectQueue(options.url);
  const folder = await mkdtemp(join(tmpdir(), "callsign-worker-"));
  const slots = Array.from(
    { length: workers },
    (_, i) => new Slot(join(folder, String(i)), { store, handlers }),
  );
  const free = [...slots];
  const ended = new AbortController();
  let refusal: unknown;
  let lastMs = Date.now();
  let busy = 0;

  async function take(job: Job<QueuedJob>, token?: string): Promise<void> {
    const startedMs = Date.now();
    const handBack = async (): Promise<never> => {
      await job.moveToDelayed(Date.now() + 1000, token);
      throw new access.DelayedError();
    };
    const slot = free.pop()!;
    busy++;
    try {
      const id = job.id!;
      if (job.data.needs !== needs) {
        await checkWorker(access, here);
        throw new CallsignError("QUEUE_FAILED", "a planner of another version has left this job; discard it");
      }
      let known = true;
      if ((await records.readOutput(id)) === undefined) {
        known = false;
        const request = await records.readRequest(id);
        if (request === undefined || jobId(request, needs) !== id)
          throw new CallsignError(
            "STORE_FAILED",
            `${store.name}: the request of job ${id} is missing or damaged`,
          );
        const { output, varies } = await slot.run(request, signal);
        await keep(id, { output, varies });
      }
      onEvent?.({ kind: "done", task: job.name, id, seconds: (Date.now() - startedMs) / 1000, known });
    } catch (error) {
      const code = error instanceof CallsignError ? error.code : undefined;
      if (signal.aborted && code === "ABORTED") return await handBack();
      if (code !== undefined && REFUSALS.has(code)) {
        refusal ??= error;
        ended.abort();
        return await handBack();
      }
      throw named(error);
    } finally {
      lastMs = Date.now();
      busy--;
      free.push(slot);
    }
  }

  /** Where another machine was first, its output counts. @throws CallsignError `CHECKSUM_MISMATCH` if the two differ */
  async function keep(id: string, made: Made): Promise<void> {
    if ((await records.writeOutput(id, made.output)) || made.varies) return;
    const first = await records.readOutput(id);
    if (first === undefined || sha256Of(first) === sha256Of(JSON.parse(JSON.stringify(made.output)))) return;
    throw new CallsignError(
      "CHECKSUM_MISMATCH",
      `job ${id}: another machine made other bytes of the same input; use machines with the same processor, system and packages`,
    );
  }

  try {
    await checkWorker(access, here);
    const worker = access.openWorker(take, {
      name: `${hostname()}-${process.pid}`,
      concurrency: workers,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      maxStalledCount: MAX_DEATHS,
      // Two hours of minutes, for the rate that `readQueueState` shows.
      metrics: { maxDataPoints: 120 },
    });
    worker.on("failed", (job, error) => {
      onEvent?.({ kind: "failed", task: job?.name ?? "?", id: job?.id ?? "?", reason: error.message });
    });
    onEvent?.({ kind: "ready", url: access.url });
    const stop = AbortSignal.any([signal, ended.signal]);
    const isIdle = (): boolean =>
      idleSeconds !== undefined && busy === 0 && Date.now() - lastMs > idleSeconds * 1000;
    while (!stop.aborted && !isIdle()) await sleep(500, undefined, { signal: stop }).catch(() => undefined);
    await worker.close();
    if (refusal !== undefined) throw refusal;
  } finally {
    await Promise.allSettled(slots.map((slot) => slot.dispose()));
    await access.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Errors that say that this machine cannot do a job and others may. */
const REFUSALS: ReadonlySet<CallsignErrorCode> = new Set([
  "VERSION_MISMATCH",
  "DEPENDENCY_MISSING",
  "MODEL_NOT_FOUND",
  "MODEL_INVALID",
]);

/** The error with its code and machine, since BullMQ keeps the message alone. */
function named(error: unknown): Error {
  const text = error instanceof CallsignError ? `[${error.code}] ${error.message}` : String(error);
  return new Error(`${text} (on ${hostname()})`, { cause: error });
}

interface Made {
  readonly output: JobOutput;
  readonly varies: boolean;
}

/** One job at a time, in a folder of its own, with the handler of the latest setup kept open. */
class Slot {
  readonly #folder: string;
  readonly #options: Pick<WorkerOptions, "store" | "handlers">;
  #open: { readonly key: string; readonly handler: JobHandler } | undefined;

  constructor(folder: string, options: Pick<WorkerOptions, "store" | "handlers">) {
    this.#folder = folder;
    this.#options = options;
  }

  async run(
    {
      task,
      setup,
      input,
      files,
    }: { task: string; setup: unknown; input: unknown; files: readonly JobFile[] },
    signal: AbortSignal,
  ): Promise<Made> {
    const { store } = this.#options;
    try {
      await mkdir(this.#folder, { recursive: true });
      await fetchFiles(store, { files, folder: this.#folder });
      const handler = await this.#handler(task, setup);
      const made = await handler.run(input, signal);
      const kept: JobFile[] = [];
      for (const path of made.files) {
        const sha256 = await sha256File(join(this.#folder, path));
        await store.send(blobKey(sha256), join(this.#folder, path));
        kept.push({ path, sha256 });
      }
      return { output: { value: made.value, files: kept }, varies: handler.varies ?? false };
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  async #handler(task: string, setup: unknown): Promise<JobHandler> {
    const key = sha256Of({ task, setup });
    if (this.#open?.key === key) return this.#open.handler;
    await this.dispose();
    const open = this.#options.handlers[task];
    if (open === undefined)
      throw new CallsignError(
        "VERSION_MISMATCH",
        `worker: there is no task ${JSON.stringify(task)} in this version`,
      );
    const handler = await open(setup, { folder: this.#folder });
    this.#open = { key, handler };
    return handler;
  }

  async dispose(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.handler.dispose?.();
  }
}
