import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { runCaptured } from "../support/run-captured.ts";

const HEAD = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
const EMBEDDING = ["--embedding", sharedPath("reference", "embedding_model.onnx")];

describe("callsign serve", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-serve-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("refuses bad arguments and tells what to do", async () => {
    expect(await runCaptured(["serve"])).toMatchObject({ exitCode: 2 });
    expect(await runCaptured(["serve", join(folder, "none")])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("MODEL_NOT_FOUND") as string,
    });
    const port = await runCaptured(["serve", "x", "--port", "70000"]);
    expect(port).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Expected a port 0 to 65535") as string,
    });
    await writeFile(join(folder, "bad.onnx"), "no model");
    expect((await runCaptured(["serve", join(folder, "bad.onnx"), ...EMBEDDING])).exitCode).toBe(1);
  });

  it.skipIf(!hasSharedData)("serves until it is stopped, and logs only JSON lines", async () => {
    const stop = new AbortController();
    let logged = "";
    const running = runCaptured(
      ["serve", HEAD, ...EMBEDDING, "--port", "0", "--wyoming-port", "0", "--json"],
      {
        signal: stop.signal,
        stderr: (text) => (logged += text),
      },
    );
    await expect.poll(() => logged).toContain("listening");
    const { http } = JSON.parse(logged.split("\n")[0]!) as { http: { port: number } };
    const health = await (await fetch(`http://127.0.0.1:${http.port}/health`)).json();
    expect(health).toMatchObject({ status: "ok", models: ["openwakeword-alexa_v0.1"] });
    stop.abort();
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ http, models: ["openwakeword-alexa_v0.1"] });
    const events = logged
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["listening", "stopping", "stopped"]);
  });

  it.skipIf(!hasSharedData)("prints its addresses in plain text at a terminal", async () => {
    const stop = new AbortController();
    let logged = "";
    const running = runCaptured(["serve", HEAD, ...EMBEDDING, "--port", "0", "--no-wyoming-port"], {
      signal: stop.signal,
      interactive: true,
      stderr: (text) => (logged += text),
    });
    await expect.poll(() => logged).toMatch(/^WebSocket: ws:\/\/127\.0\.0\.1:\d+\/v1\/stream$/m);
    stop.abort();
    expect((await running).exitCode).toBe(0);
  });

  it.skipIf(!hasSharedData)(
    "wants a token where other machines can connect, and a curve for alarms a day",
    async () => {
      const open = await runCaptured(["serve", HEAD, ...EMBEDDING, "--host", "0.0.0.0", "--port", "0"]);
      expect(open).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("give a token") as string });
      const rate = await runCaptured(["serve", HEAD, ...EMBEDDING, "--false-alarms-per-day", "1"]);
      expect(rate).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no curve") as string });
    },
  );

  it("accepts one address for Wyoming", async () => {
    for (const [wrong, why] of [
      [["--uri", "tcp://127.0.0.1"], "give a host and a port 0 to 65535"],
      [["--wyoming", "stdio://", "--wyoming-port", "1"], "give --wyoming or --wyoming-port, not both"],
      [["--wyoming", "stdio://", "--json"], "standard output carries the protocol"],
    ] as const)
      expect(await runCaptured(["serve", HEAD, ...wrong])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(why) as string,
      });
  });

  it.skipIf(!hasSharedData)("serves Wyoming on standard input and output until the input ends", async () => {
    const child = start(["serve", HEAD, "--name", "Hey Alexa", ...EMBEDDING, "--uri", "stdio://"]);
    let stdout = Buffer.alloc(0);
    child.stdout!.on("data", (data: Buffer) => (stdout = Buffer.concat([stdout, data])));
    child.stderr!.resume();
    child.stdin!.end(
      '{"type": "describe"}\n{"type": "ping", "data": {"text": "x"}}\n{"type": "audio-stop"}\n',
    );
    expect(await once(child, "close")).toEqual([0, null]);
    const events = readEvents(stdout);
    expect(events.map(({ type }) => type)).toEqual(["info", "pong", "not-detected"]);
    expect(events[0]!.data).toMatchObject({
      wake: [{ models: [{ name: "Hey Alexa", phrase: "Hey Alexa" }] }],
    });
  });

  it.skipIf(!hasSharedData)("refuses a threshold for an unknown label", async () => {
    expect(await runCaptured(["serve", HEAD, ...EMBEDDING, "--threshold", "x=0.5"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no label "x" to detect') as string,
    });
  });

  it.skipIf(!hasSharedData)("refuses more names than heads without a card", async () => {
    const names = ["--name", "one", "--name", "two"];
    expect(await runCaptured(["serve", HEAD, ...EMBEDDING, ...names])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        "got 2 names for heads without a card, but only 1 of the models",
      ) as string,
    });
  });
});

/** The real process, as `npm run callsign` starts it. */
function start(args: readonly string[]): ChildProcess {
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const main = join(root, "packages", "cli", "src", "main.ts");
  return spawn(process.execPath, ["--import", "tsx", "--conditions=@callsign/source", main, ...args], {
    cwd: root,
  });
}

/** Wyoming events without payload; throws where anything else is among them. */
function readEvents(bytes: Buffer): { readonly type: string; readonly data: unknown }[] {
  const events = [];
  for (let at = 0; at < bytes.length;) {
    const bodyAt = bytes.indexOf("\n", at) + 1;
    const header = JSON.parse(bytes.subarray(at, bodyAt).toString()) as {
      type: string;
      data_length?: number;
    };
    at = bodyAt + (header.data_length ?? 0);
    const body = bytes.subarray(bodyAt, at).toString();
    events.push({ type: header.type, data: body === "" ? {} : (JSON.parse(body) as unknown) });
  }
  return events;
}
