import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  dataJobs,
  openJobQueue,
  openQueuePool,
  openStore,
  readQueueState,
  runWorker,
  type WorkerEvent,
} from "@callsign/data/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { copyTexts, hashFolder, makeSources, runBuild, smallContext } from "../build/support/small-build.ts";
import { hasRedis, RedisServer } from "./support/redis-server.ts";

const identity = { tool: "callsign", version: "0.0.0-test" } as const;
let folder = "";
let redis: RedisServer;
let alone: Record<string, string> = {};

beforeAll(async () => {
  if (!hasRedis) return;
  folder = await mkdtemp(join(tmpdir(), "callsign-queue-"));
  await makeSources(folder);
  redis = await RedisServer.start(folder);
  await runBuild(smallContext(folder, { out: join(folder, "alone") }));
  alone = await hashFolder(join(folder, "alone"));
});

afterAll(async () => {
  await redis?.kill();
  await rm(folder, { recursive: true, force: true });
});

/** A worker in this process, and what it has done. */
function startWorker(store: string, name = "") {
  const stop = new AbortController();
  const events: WorkerEvent[] = [];
  const ended = openStore(join(folder, store), { env: {} }).then((opened) =>
    runWorker({
      url: redis.url,
      store: opened,
      identity,
      handlers: dataJobs({ cacheDir: join(folder, `cache${name}`), env: {} }),
      workers: 1,
      signal: stop.signal,
      onEvent: (event) => events.push(event),
    }),
  );
  return { stop: () => stop.abort(), ended, events };
}

async function buildQueued(out: string, { store }: { store: string }): Promise<Record<string, string>> {
  const queue = await openJobQueue({
    url: redis.url,
    store: await openStore(join(folder, store), { env: {} }),
    identity,
  });
  try {
    await copyTexts(join(folder, "alone"), join(folder, out));
    const context = smallContext(folder, { out: join(folder, out), workers: 20 });
    await runBuild({ ...context, openPool: openQueuePool(queue) });
  } finally {
    await queue.close();
  }
  return hashFolder(join(folder, out));
}

describe.skipIf(!hasRedis)("a build on a queue (needs redis-server)", () => {
  it("gives the bytes of a build on one machine, over a restart of Redis", async () => {
    const workers = [startWorker("store"), startWorker("store", "-2")];
    const building = buildQueued("queued", { store: "store" });
    await expect.poll(() => workers.flatMap(({ events }) => events).length).toBeGreaterThan(3);
    await redis.kill();
    await redis.start();
    expect(await building).toEqual(alone);
    const done = workers.flatMap(({ events }) => events.filter(({ kind }) => kind === "done"));
    expect(done.length).toBeGreaterThan(3);
    for (const worker of workers) worker.stop();
    await Promise.all(workers.map(({ ended }) => ended));
    expect((await readQueueState(redis.url)).jobs).toEqual({ waiting: 0, running: 0, retried: 0, failed: 0 });
  });

  it("does nothing again that is in the store", async () => {
    await cp(join(folder, "store"), join(folder, "kept"), { recursive: true });
    const worker = startWorker("kept");
    expect(await buildQueued("again", { store: "kept" })).toEqual(alone);
    worker.stop();
    await worker.ended;
    expect(worker.events.filter(({ kind }) => kind === "done")).toEqual([]);
    expect(await readdir(join(folder, "kept"))).toContain("blobs");
  });
});
