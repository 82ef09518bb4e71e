import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { DetectorConfig } from "@callsign/train/internal";

const child = fileURLToPath(new URL("./train-child.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Trains in another process, resuming what is there, until SIGKILL ends it at a step. @returns what it printed */
export async function spawnTraining(
  config: DetectorConfig,
  options: { dataDir: string; outDir: string; killAtStep: number },
): Promise<{ readonly killed: boolean; readonly stderr: string }> {
  const { dataDir, outDir, killAtStep } = options;
  const flags = ["--import", tsx, "--conditions=@callsign/source"];
  const args = [...flags, child, dataDir, outDir, JSON.stringify(config), String(killAtStep)];
  const running = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  running.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [, signal]: unknown[] = await once(running, "close");
  return { killed: signal === "SIGKILL", stderr };
}
