import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasSharedData } from "../../../test-support/shared-data.ts";
import { challengeFlags, exportPublished } from "./published-model.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The real process, as `npm run callsign` starts it. */
function start(args: readonly string[]): ChildProcess {
  const main = join(root, "packages", "cli", "src", "main.ts");
  return spawn(process.execPath, ["--import", "tsx", "--conditions=@callsign/source", main, ...args], {
    cwd: root,
  });
}

async function outcome(
  child: ChildProcess,
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, stdout, stderr };
}

describe("the callsign process", () => {
  it("prints doctor's findings as JSON alone and ends although a GPU runtime was tried", async () => {
    const { exitCode, stdout } = await outcome(start(["doctor", "--json"]));
    expect(exitCode).toBe(0);
    const checks = JSON.parse(stdout) as {
      group: string;
      name: string;
      found: boolean;
      detail: string;
      fix?: string;
    }[];
    expect(new Set(checks.map(({ group }) => group))).toEqual(
      new Set(["runtime", "inference", "training", "speech", "microphone", "model files"]),
    );
    const found = (name: string): boolean | undefined => checks.find((check) => check.name === name)?.found;
    expect(found("Node")).toBe(true);
    expect(found("onnxruntime cpu")).toBe(true);
    expect(found("telemetry off")).toBe(true);
    expect(found("flite")).toBe(true);
    expect(found("TensorFlow.js wasm")).toBe(true);
    for (const check of checks) expect(check.found || (check.fix ?? check.detail) !== "").toBe(true);
  });

  it("exits 2 for bad usage and tells it on stderr", async () => {
    const { exitCode, stdout, stderr } = await outcome(start(["models", "path"]));
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("missing required argument 'id'");
  });

  it("does not take a reader that went away for a fault", async () => {
    const child = start(["--help"]);
    child.stdout?.destroy();
    expect((await outcome(child)).exitCode).toBe(0);
  });
});

describe.skipIf(!hasSharedData)("an interrupted run", () => {
  let model: string;

  beforeAll(async () => {
    ({ model } = await exportPublished());
  });

  afterAll(() => rm(model, { recursive: true }));

  it("stops at Ctrl-C with exit code 130 and says so", async () => {
    const child = start(["eval", "challenge", "--realtime", ...challengeFlags(model)]);
    // The first progress line comes five seconds into the minute the clip lasts.
    await once(child.stderr!, "data");
    child.kill("SIGINT");
    const { exitCode, stdout, stderr } = await outcome(child);
    expect(exitCode).toBe(130);
    expect(stdout).toBe("");
    expect(stderr).toContain("error [ABORTED]");
  });
});
