import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { formatModelCard } from "@callsign/infer/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toneDetector } from "../../support/tone-detector.ts";

const child = fileURLToPath(new URL("../../support/detect-child.mjs", import.meta.url));
const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

let model: string;
beforeAll(async () => {
  model = await mkdtemp(join(tmpdir(), "callsign-telemetry-"));
  const { card, classifier } = await toneDetector();
  await writeFile(join(model, "model.json"), formatModelCard(card, { name: "model.json" }));
  await writeFile(join(model, card.classifier.file), classifier);
});
afterAll(() => rm(model, { recursive: true, force: true }));

// The Windows build reports through the system's event log, which no file shows.
describe.skipIf(process.platform === "win32")("a detection", () => {
  it.each(["main", "worker"])("leaves no telemetry behind from the %s thread", async (thread) => {
    expect(await detect(thread)).toEqual({ detections: 1, files: [], sockets: [] });
  });

  // Also shows that the test above would notice.
  it("leaves telemetry on where ORT_DISABLE_TELEMETRY=0 asks for it", async () => {
    const { files } = await detect("main", { ORT_DISABLE_TELEMETRY: "0" });
    expect(files).toContainEqual(expect.stringMatching(/Microsoft.*onnxruntime\.db/));
    expect(files).toContainEqual(expect.stringMatching(/mat-debug-\d+\.log/));
  });
});

interface Traces {
  readonly detections: number;
  /** What appeared in the home and temporary folders. */
  readonly files: readonly string[];
  /** Internet sockets opened, where strace can tell. */
  readonly sockets: readonly string[];
}

/** Detects with empty home and temporary folders, and without the variables of CI systems, which silence onnxruntime. */
async function detect(thread: string, env: Record<string, string> = {}): Promise<Traces> {
  const home = await mkdtemp(join(tmpdir(), "callsign-home-"));
  try {
    const temporary = join(home, "tmp");
    await mkdir(temporary);
    const log = join(home, "strace.log");
    const node = [process.execPath, "--conditions=@callsign/source", child, model, thread] as const;
    const [command, ...args] = hasStrace ? ["strace", "-f", "-e", "trace=socket", "-o", log, ...node] : node;
    const { stdout } = await promisify(execFile)(command, args, {
      env: { PATH: process.env["PATH"], HOME: home, TMPDIR: temporary, ...env },
    });
    const sockets = hasStrace ? (await readFile(log, "utf8")).split("\n") : [];
    const entries = await readdir(home, { recursive: true, withFileTypes: true });
    return {
      detections: Number(stdout),
      files: entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        // strace's log, and the transpiled sources that tsx keeps.
        .filter((path) => path !== log && !path.includes("tsx-")),
      sockets: sockets.filter((line) => line.includes("AF_INET")),
    };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
