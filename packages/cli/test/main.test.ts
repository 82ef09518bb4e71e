import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromInt16, writeWav } from "@callsign/audio/internal";
import { formatModelCard } from "@callsign/infer/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toneDetector, tones } from "../../infer/test/support/tone-detector.ts";
import { hasSharedData } from "../../../test-support/shared-data.ts";
import { challengeFlags, exportPublished } from "./support/published-model.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The real process, as `npm run callsign` starts it. */
function start(args: readonly string[], stdio: StdioOptions = "pipe"): ChildProcess {
  const main = join(root, "packages", "cli", "src", "main.ts");
  return spawn(process.execPath, ["--import", "tsx", "--conditions=@callsign/source", main, ...args], {
    cwd: root,
    stdio,
  });
}

/** A folder with a model that detects tones. */
async function toneModel(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "callsign-tone-"));
  const { card, classifier } = await toneDetector();
  await writeFile(join(folder, "model.json"), formatModelCard(card, { name: "model.json" }));
  await writeFile(join(folder, card.classifier.file), classifier);
  return folder;
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
  it("prints only the JSON of doctor and exits after trying a GPU runtime", async () => {
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
    expect(found("backend wasm")).toBe(true);
    for (const check of checks) expect(check.found || (check.fix ?? check.detail) !== "").toBe(true);
  });

  it("exits 2 for bad usage with an error on stderr", async () => {
    const { exitCode, stdout, stderr } = await outcome(start(["models", "path"]));
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("missing required argument 'id'");
  });

  it("prints its version", async () => {
    const version = await outcome(start(["--version"]));
    expect(version).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it.skipIf(!existsSync("/dev/full"))(
    "fails where its results cannot be written, and not for lost progress",
    async () => {
      const full = openSync("/dev/full", "w");
      for (const args of [["--help"], ["models", "list", "--json"]]) {
        const { exitCode, stderr } = await outcome(start(args, ["ignore", full, "pipe"]));
        expect(exitCode).toBe(1);
        expect(stderr).toBe(
          "error [FILE_WRITE_FAILED] standard output: cannot be written: the disk is full\n",
        );
      }
      expect((await outcome(start(["models", "path", "nothing"], ["ignore", "pipe", full]))).exitCode).toBe(
        2,
      );
      closeSync(full);
    },
  );

  it.skipIf(process.platform === "win32").each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("stopped by %s while it waits for audio, exits %d", async (signal, code) => {
    const model = await toneModel();
    const child = start(["detect", "-", "--model", model], "pipe");
    // Its first detection tells that it is up.
    child.stdin!.write(writeWav({ samples: fromInt16(tones()), sampleRateHz: 16_000 }));
    await once(child.stdout!, "data");
    child.kill(signal);
    const { exitCode, stderr } = await outcome(child);
    await rm(model, { recursive: true });
    expect(exitCode).toBe(code);
    expect(stderr).toContain("error [ABORTED]");
  });

  it("resolves paths from the folder where npm was started", async () => {
    const folder = await mkdtemp(join(tmpdir(), "callsign-npm-"));
    await writeFile(join(folder, "a.yaml"), "labels: 7\n");
    const child = spawn(
      "npm",
      ["--prefix", root, "run", "-s", "callsign", "--", "data", "build", "--config", "a.yaml"],
      {
        cwd: folder,
        shell: process.platform === "win32",
      },
    );
    const { exitCode, stderr } = await outcome(child);
    await rm(folder, { recursive: true });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("labels") });
  });

  it("exits 0 if the reader of a pipe exits", async () => {
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

  it("stops at Ctrl-C with exit code 130 and a message", async () => {
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
