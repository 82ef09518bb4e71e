import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { DetectorConfig } from "@callsign/train/internal";

const child = fileURLToPath(new URL("./train-child.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** How a process that trained has ended. */
export interface SpawnedTraining {
  readonly code: number | null;
  readonly killed: boolean;
  readonly epochs: number;
  readonly stderr: string;
}

/** Trains in another process, resuming what is there. After its epoch `killAfterEpoch` SIGKILL ends it. */
export function spawnTraining(
  config: DetectorConfig,
  options: { dataDir: string; outDir: string; killAfterEpoch?: number },
): Promise<SpawnedTraining> {
  const { dataDir, outDir, killAfterEpoch = Infinity } = options;
  const flags = ["--import", tsx, "--conditions=@callsign/source"];
  const running = spawn(process.execPath, [...flags, child, dataDir, outDir, JSON.stringify(config)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let stdout = "";
  const epochs = (): number => stdout.split("\n").length - 1;
  running.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (epochs() >= killAfterEpoch) running.kill("SIGKILL");
  });
  // oxlint-disable-next-line promise/avoid-new -- the end of a process is an event
  return new Promise((resolve) =>
    running.once("close", (code, signal) =>
      resolve({ code, killed: signal === "SIGKILL", epochs: epochs(), stderr }),
    ),
  );
}
