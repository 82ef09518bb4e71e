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
  /** From when it began to build, its sources loaded. */
  readonly buildMs: number;
}

/**
 * Builds in another process. SIGKILL ends it after the event `killAt`, a stage and what is done of it, or `killAfterMs`
 * after it has begun to build; `fileLimitKiB` is the largest file it may write.
 */
export function spawnBuild(
  folder: string,
  options: { out: string; workers?: number; killAt?: string; killAfterMs?: number; fileLimitKiB?: number },
): Promise<SpawnedBuild> {
  const { out, workers = 1, killAt = "", killAfterMs, fileLimitKiB } = options;
  const flags = ["--import", tsx, "--conditions=@callsign/source"];
  const node = [process.execPath, ...flags, child, folder, out, String(workers), killAt];
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
  let stderr = "";
  let startedMs = 0;
  let timer: NodeJS.Timeout | undefined;
  running.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  running.stdout.once("data", () => {
    startedMs = performance.now();
    if (killAfterMs !== undefined) timer = setTimeout(() => running.kill("SIGKILL"), killAfterMs);
  });
  // oxlint-disable-next-line promise/avoid-new -- the end of a process is an event
  return new Promise((resolve) =>
    running.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, killed: signal === "SIGKILL", stderr, buildMs: performance.now() - startedMs });
    }),
  );
}
