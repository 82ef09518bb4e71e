import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const child = fileURLToPath(new URL("./build-child.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** How a process that built has ended. */
export interface SpawnedBuild {
  readonly code: number | null;
  readonly killed: boolean;
  readonly stderr: string;
}

/**
 * Builds in another process. SIGKILL ends it once it has printed `killAt`, a stage and what it has done of it;
 * `fileLimitKiB` is the largest file it may write.
 */
export function spawnBuild(
  folder: string,
  { out, killAt, fileLimitKiB }: { out: string; killAt?: string; fileLimitKiB?: number },
): Promise<SpawnedBuild> {
  const node = [process.execPath, "--import", tsx, "--conditions=@callsign/source", child, folder, out];
  // SIGXFSZ would end the process; ignored, the write fails with EFBIG instead.
  const limited = [
    "sh",
    "-c",
    `trap '' XFSZ; ulimit -f ${(fileLimitKiB ?? 0) * 2}; exec "$@"`,
    "sh",
    ...node,
  ];
  const [command, ...args] = fileLimitKiB === undefined ? node : limited;
  const running = spawn(command!, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  running.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (killAt !== undefined && stdout.includes(`${killAt}\n`)) running.kill("SIGKILL");
  });
  // oxlint-disable-next-line promise/avoid-new -- the end of a process is an event
  return new Promise((resolve) =>
    running.once("close", (code, signal) => resolve({ code, killed: signal === "SIGKILL", stderr })),
  );
}
