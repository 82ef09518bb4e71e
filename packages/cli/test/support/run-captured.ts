import { type CliContext, runCli } from "@callsign/cli";

export interface Captured {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process and keeps what it printed. */
export async function runCaptured(
  args: readonly string[],
  context: Partial<CliContext> = {},
): Promise<Captured> {
  let stdout = "";
  let stderr = "";
  const exitCode = await runCli(args, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    env: { HF_HUB_OFFLINE: "1", XDG_CACHE_HOME: "/nonexistent" },
    signal: new AbortController().signal,
    interactive: false,
    ...context,
  });
  return { exitCode, stdout, stderr };
}
