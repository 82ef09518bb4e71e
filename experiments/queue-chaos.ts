/**
 * Check of builds on a queue while processes are killed, run by hand:
 *
 *     npx tsx --conditions=@callsign/source experiments/queue-chaos.ts CONFIG OUT [SEED [SECONDS]]
 *
 * Builds CONFIG once in one process, then on a queue with three workers on this machine and, if it may make network namespaces
 * (root on Linux, `ip`), three more with addresses of their own, while it kills workers, planner and Redis (SIGKILL) at random
 * moments, SECONDS (8) apart on average, and cuts a namespace off for 30 s. It then compares every file of both builds and counts jobs. Wants `redis-server`
 * and built packages (`npm run build`).
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { createRandom } from "@callsign/data";
import { readQueueState } from "@callsign/data/internal";

const [config = "", out = "", seed = "1", pause = "8"] = process.argv.slice(2);
if (config === "" || out === "") throw new Error("queue-chaos: expected CONFIG OUT [SEED]");
const callsign = fileURLToPath(new URL("../packages/cli/bin/callsign.js", import.meta.url));
const folder = resolve(out);
const random = createRandom(`chaos ${seed}`);
const counts = { workerKills: 0, plannerKills: 0, redisKills: 0, partitions: 0 };
const NAMESPACES = ["callsign-1", "callsign-2", "callsign-3"];
const BRIDGE = "callsign-br";
const PASSWORD = "chaos";
const PORT = 6399;
const started = performance.now();
const log = (text: string): void =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${text}`);

mkdirSync(folder, { recursive: true });
const alone = join(folder, "alone");
await run("one process", ["data", "build", "--config", config, "--out", alone]);
// Texts are drawn by the planner alone.
mkdirSync(join(folder, "queued"), { recursive: true });
for (const file of ["plan.json", "texts.json"]) copyFileSync(join(alone, file), join(folder, "queued", file));
const here = openNamespaces();
const url = (host: string): string => `redis://:${PASSWORD}@${host}:${PORT}`;
const store = join(folder, "store");
let redis = startRedis();
await sleep(1000);
const workers = [
  ...[1, 2, 3].map((i) => ({ name: `worker ${i}`, inside: undefined as string | undefined })),
  ...(here ? NAMESPACES.map((inside) => ({ name: inside, inside })) : []),
].map(({ name, inside }) => ({ name, inside, process: startWorker(name, inside) }));
let planner = startPlanner();
let partition = here ? 2 : 0;
try {
  await disturb();
} finally {
  for (const { process } of workers) process.kill("SIGTERM");
  await Promise.race([Promise.all(workers.map(({ process }) => ended(process))), sleep(60_000)]);
  const state = await readQueueState(url("127.0.0.1"));
  log(`queue at the end: ${JSON.stringify(state.jobs)}`);
  redis.kill("SIGKILL");
  closeNamespaces();
}
const expected = hashes(alone);
const found = hashes(join(folder, "queued"));
const differing = [...new Set([...expected.keys(), ...found.keys()])].filter(
  (path) => expected.get(path) !== found.get(path),
);
log(`files: ${expected.size} on one machine, ${found.size} on the queue, ${differing.length} differ`);
log(
  `jobs with results: ${readdirSync(join(store, "results"), { recursive: true }).filter((path) => String(path).endsWith(".json")).length}`,
);
log(`disturbances: ${JSON.stringify(counts)}; seed ${seed}`);
if (differing.length > 0) {
  log(differing.slice(0, 10).join("\n"));
  process.exitCode = 1;
}

/** Disturbs the build until the planner has finished it. */
async function disturb(): Promise<void> {
  for (let turn = 0; ; turn++) {
    const code = await Promise.race([
      ended(planner),
      sleep(1000 * Number(pause) * random.uniform(0.5, 1.5)).then(() => "time"),
    ]);
    if (code === 0) return log("planner: done");
    if (code !== "time") {
      log(`planner ended with ${String(code)}; started again`);
      planner = startPlanner();
      continue;
    }
    const what = random.weightedChoice(["worker", "planner", "redis", "partition"], [5, 2, 1, partition]);
    if (what === "worker") {
      const worker = random.choice(workers);
      log(`kills ${worker.name}`);
      worker.process.kill("SIGKILL");
      worker.process = startWorker(worker.name, worker.inside);
      counts.workerKills++;
    } else if (what === "planner") {
      log("kills the planner");
      planner.kill("SIGKILL");
      await ended(planner);
      planner = startPlanner();
      counts.plannerKills++;
    } else if (what === "redis") {
      log("kills Redis");
      redis.kill("SIGKILL");
      await ended(redis);
      await sleep(2000);
      redis = startRedis();
      counts.redisKills++;
    } else {
      const name = random.choice(NAMESPACES);
      log(`cuts ${name} off for 30 s`);
      ip("link", "set", hostEnd(name), "down");
      counts.partitions++;
      partition--;
      setTimeout(() => {
        ip("link", "set", hostEnd(name), "up");
        log(`${name} is back`);
      }, 30_000);
    }
  }
}

function startPlanner(): ChildProcess {
  const place = ["--queue", url("127.0.0.1"), "--store", store, "--out", join(folder, "queued")];
  return start("planner", ["data", "build", "--config", config, ...place]);
}

function startWorker(name: string, inside: string | undefined): ChildProcess {
  const host = inside === undefined ? "127.0.0.1" : "10.213.7.254";
  const args = ["worker", "--queue", url(host), "--store", store, "--workers", "1"];
  return start(name, args, inside === undefined ? [] : ["ip", "netns", "exec", inside]);
}

function startRedis(): ChildProcess {
  const flags = ["--port", String(PORT), "--requirepass", PASSWORD, "--dir", folder, "--save", ""];
  const bind = ["--bind", "127.0.0.1", ...(here ? ["10.213.7.254"] : [])];
  return spawnLogged("redis", ["redis-server", ...flags, ...bind, "--appendonly", "yes"]);
}

function start(name: string, args: readonly string[], prefix: readonly string[] = []): ChildProcess {
  return spawnLogged(name, [...prefix, process.execPath, callsign, ...args]);
}

function spawnLogged(name: string, [command, ...args]: readonly string[]): ChildProcess {
  const file = openSync(join(folder, `${name.replaceAll(" ", "-")}.log`), "a");
  return spawn(command!, args, { stdio: ["ignore", file, file] });
}

async function run(name: string, args: readonly string[]): Promise<void> {
  const before = performance.now();
  const code = await ended(start(name, args));
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}; see ${folder}`);
  log(`${name}: ${((performance.now() - before) / 1000).toFixed(1)} s`);
}

async function ended(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

/** Three namespaces on a bridge; false where they cannot be made. */
function openNamespaces(): boolean {
  closeNamespaces();
  try {
    ip("link", "add", BRIDGE, "type", "bridge");
    ip("addr", "add", "10.213.7.254/24", "dev", BRIDGE);
    ip("link", "set", BRIDGE, "up");
    for (const [i, name] of NAMESPACES.entries()) {
      ip("netns", "add", name);
      ip("link", "add", hostEnd(name), "type", "veth", "peer", "name", "eth0", "netns", name);
      ip("link", "set", hostEnd(name), "master", BRIDGE, "up");
      ip("-n", name, "addr", "add", `10.213.7.${i + 1}/24`, "dev", "eth0");
      ip("-n", name, "link", "set", "eth0", "up");
      ip("-n", name, "link", "set", "lo", "up");
    }
    return true;
  } catch (error) {
    log(`no network namespaces: ${String(error)}`);
    closeNamespaces();
    return false;
  }
}

function closeNamespaces(): void {
  for (const args of [...NAMESPACES.map((name) => ["netns", "del", name]), ["link", "del", BRIDGE]])
    try {
      ip(...args);
    } catch {
      // It was not there.
    }
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}

/** Name of a namespace's link on this side; at most 15 letters. */
function hostEnd(name: string): string {
  return `${name}-h`;
}

function hashes(root: string): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(root.length), createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}
