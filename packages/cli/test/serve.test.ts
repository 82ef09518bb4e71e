import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasSharedData, sharedPath } from "../../../test-support/shared-data.ts";
import { runCaptured } from "./run-captured.ts";

const HEAD = sharedPath("reference", "openwakeword-alexa_v0.1.onnx");
const EMBEDDING = ["--embedding", sharedPath("reference", "embedding_model.onnx")];

describe("callsign serve", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "callsign-serve-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("refuses what cannot be, with what to do", async () => {
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

  it.skipIf(!hasSharedData)("serves until it is told to stop, and logs JSON lines alone", async () => {
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

  it.skipIf(!hasSharedData)(
    "wants a token where other machines can connect, and a curve for alarms a day",
    async () => {
      const open = await runCaptured(["serve", HEAD, ...EMBEDDING, "--host", "0.0.0.0", "--port", "0"]);
      expect(open).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("give a token") as string });
      const rate = await runCaptured(["serve", HEAD, ...EMBEDDING, "--false-alarms-per-day", "1"]);
      expect(rate).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no curve") as string });
    },
  );
});
