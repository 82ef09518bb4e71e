import type { CliContext } from "@callsign/cli";

/** Context of a `callsign` command that runs in this process, with its output and environment. */
export const processContext = (signal: AbortSignal): CliContext => ({
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  signal,
  interactive: process.stderr.isTTY,
});
