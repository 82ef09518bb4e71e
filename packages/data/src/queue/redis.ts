import { CallsignError } from "@callsign/audio/internal";
import type { Progress } from "@callsign/infer/internal";
import type * as BullMq from "bullmq";
import type * as IoRedis from "ioredis";

import type { QueuedJob } from "./job.ts";
import { loadOptional } from "./load-optional.ts";

/** Queue of jobs in Redis or Valkey. */
export interface QueueAccess {
  /** Without its password, for messages. */
  readonly url: string;
  readonly redis: IoRedis.Redis;
  readonly queue: BullMq.Queue<QueuedJob>;
  readonly DelayedError: typeof BullMq.DelayedError;
  openEvents(): BullMq.QueueEvents;
  openWorker(
    process: BullMq.Processor<QueuedJob, void>,
    options: Omit<BullMq.WorkerOptions, "connection" | "prefix">,
  ): BullMq.Worker<QueuedJob, void>;
  /** Progress of builds, by name. */
  readonly readProgress: () => Promise<Readonly<Record<string, ReportedProgress>>>;
  writeProgress(build: string, progress: ReportedProgress): void;
  close(): Promise<void>;
}

/** Progress of a build, as its planner reports it. */
export interface ReportedProgress extends Progress {
  /** Estimate of the time left in all stages. */
  readonly leftSeconds?: number | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Name of the queue in Redis, and of its keys. */
const NAME = "jobs";
const PREFIX = "callsign";
const PROGRESS_KEY = `${PREFIX}:builds`;
/** Milliseconds to wait for the first answer; later on, a lost connection is tried again for as long as it takes. */
const FIRST_ANSWER_MS = 10_000;

/**
 * Connects to `redis://user:password@host:port/database` (`rediss://` for TLS).
 * @throws CallsignError `INVALID_ARGUMENT`, `DEPENDENCY_MISSING`, `QUEUE_FAILED`
 */
export async function connectQueue(given: string): Promise<QueueAccess> {
  const url = withoutPassword(given);
  const use = "a queue in Redis";
  const bullmq = await loadOptional<typeof BullMq>("bullmq", { load: () => import("bullmq"), use });
  const { Redis } = await loadOptional<typeof IoRedis>("ioredis", {
    load: () => import("ioredis"),
    use,
  });
  await ask(
    new Redis(given, { lazyConnect: true, retryStrategy: () => null, connectTimeout: FIRST_ANSWER_MS }),
    url,
  );
  const redis = new Redis(given, {
    // As BullMQ wants it: a command waits until Redis is back.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(200 * times, 5000),
    keepAlive: 10_000,
  });
  const connection = { connection: redis, prefix: PREFIX };
  const queue = new bullmq.Queue<QueuedJob>(NAME, connection);
  const quiet = <Part extends { on(event: "error", listener: () => void): unknown }>(part: Part): Part => {
    // One event for each lost connection; BullMQ and ioredis connect again by themselves.
    part.on("error", () => undefined);
    return part;
  };
  quiet(redis);
  quiet(queue);
  return {
    url,
    redis,
    queue,
    DelayedError: bullmq.DelayedError,
    openEvents: () => quiet(new bullmq.QueueEvents(NAME, connection)),
    openWorker: (process, options) =>
      quiet(new bullmq.Worker<QueuedJob, void>(NAME, process, { ...options, ...connection })),
    async readProgress() {
      const found = await redis.hgetall(PROGRESS_KEY);
      return Object.fromEntries(
        Object.entries(found).map(([build, text]) => [build, JSON.parse(text) as ReportedProgress]),
      );
    },
    writeProgress(build, progress) {
      redis.hset(PROGRESS_KEY, build, JSON.stringify(progress)).catch(() => undefined);
    },
    async close() {
      await queue.close().catch(() => undefined);
      redis.disconnect();
    },
  };
}

/** A first question, so that a wrong address is reported at once. */
async function ask(redis: IoRedis.Redis, url: string): Promise<void> {
  let reason = "";
  redis.on("error", (error: Error) => (reason = error.message));
  try {
    await redis.connect();
    const [, version = "0"] = /redis_version:([\d.]+)/.exec(await redis.info("server")) ?? [];
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < 6 || (major === 6 && minor < 2))
      throw new Error(`expected Redis 6.2 or later, or Valkey, got ${version}`);
  } catch (cause) {
    const why = reason || (cause instanceof Error ? cause.message : String(cause));
    throw new CallsignError(
      "QUEUE_FAILED",
      `--queue ${url}: cannot be used (${why}); start Redis or Valkey there (apt-get install redis-server), or correct the address`,
      { cause },
    );
  } finally {
    redis.disconnect();
  }
}

function withoutPassword(given: string): string {
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--queue: expected redis://host:port/database or rediss://..., got ${JSON.stringify(given.replace(/\/\/.*@/, "//***@"))}`,
    );
  if (parsed.password !== "") parsed.password = "***";
  return parsed.href;
}
