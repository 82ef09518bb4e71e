import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { hasRedis, RedisServer } from "../../../data/test/queue/support/redis-server.ts";
import { makeSyntheticBuild } from "../../../train/test/support/synthetic-build.ts";
import { runCaptured } from "../support/run-captured.ts";

let folder = "";
let dataDir = "";
let sweep: readonly string[] = [];

interface Row {
  readonly values: object;
  readonly labels: readonly object[];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "callsign-cli-sweep-"));
  dataDir = await makeSyntheticBuild({ labels: ["galactic"], embeddings: 16, clips: 20, shards: 1 });
  const config = join(folder, "sweep.yaml");
  const train = {
    epochs: 1,
    stepsPerEpoch: 5,
    batch: { positives: 8, negatives: 16 },
    architecture: { width: 8 },
    backend: "onnxruntime",
  };
  const labels = [{ label: "galactic", phrases: ["galactic"] }];
  await writeFile(config, JSON.stringify({ name: "small", labels, train }));
  sweep = ["sweep", "--config", config, "--data", dataDir, "--over", "train.seed=1..2"];
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

const rowsOf = (stdout: string): Row[] =>
  (JSON.parse(stdout) as Row[]).map(({ values, labels }) => ({ values, labels }));

describe("sweep", () => {
  it("refuses a misspelt field before it trains", async () => {
    const { exitCode, stderr } = await runCaptured([...sweep, "train.learningRat=1"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("learningRat");
    expect(stderr).not.toContain("variant 1");
  });

  it("trains every variant, keeps finished ones, and does the same as jobs of a queue", async ({ skip }) => {
    const here = join(folder, "here");
    const first = await runCaptured([...sweep, "--out", here, "--json"]);
    expect(first.exitCode, first.stderr).toBe(0);
    const rows = rowsOf(first.stdout);
    expect(rows.map(({ values }) => values)).toEqual([{ "train.seed": 1 }, { "train.seed": 2 }]);
    expect(await readdir(join(here, "seed-1"))).toEqual(expect.arrayContaining(["model.onnx", "model.json"]));
    const { mtimeMs } = await stat(join(here, "seed-1", "model.onnx"));
    const again = await runCaptured([...sweep, "--out", here]);
    expect(again.stdout).toMatch(/^\| trainings \| galactic: missed, % .*\n.*\n\| 2 \| /);
    expect((await stat(join(here, "seed-1", "model.onnx"))).mtimeMs).toBe(mtimeMs);

    if (!hasRedis) skip("redis-server is not on the path: sweep --queue is not tested");
    const redis = await RedisServer.start(folder);
    try {
      const place = ["--queue", redis.url, "--store", join(folder, "store")];
      const stop = new AbortController();
      const working = runCaptured(["worker", ...place, "--workers", "1"], { signal: stop.signal });
      const queued = await runCaptured([...sweep, "--out", join(folder, "queued"), ...place, "--json"]);
      stop.abort();
      expect(queued.exitCode, queued.stderr).toBe(0);
      expect(rowsOf(queued.stdout)).toEqual(rows);
      expect(await readdir(join(folder, "queued", "seed-2"))).toEqual(
        expect.arrayContaining(["model.onnx", "model.json"]),
      );
      expect(await working).toMatchObject({ exitCode: 0, stdout: "2 jobs done\n" });
      const failed = await runCaptured(["worker", "--queue", redis.url, "--failed"]);
      expect(failed.stdout).toBe("no job has failed\n");
      const status = await runCaptured(["worker", "--queue", redis.url, "--status"]);
      expect(status.stdout).toContain("jobs: 0 waiting, 0 running, 0 to be tried again, 0 failed");
    } finally {
      await redis.kill();
    }
  });
});
