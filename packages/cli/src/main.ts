import { runCli } from "./cli.ts";

const interrupted = new AbortController();
let terminated = false;
// The first Ctrl-C lets a stage stop at a safe point; a second one ends the process at once.
process.once("SIGINT", () => {
  process.stderr.write("\nInterrupted: finishing the current step (press Ctrl-C again to stop at once).\n");
  interrupted.abort();
  process.once("SIGINT", () => process.exit(130));
});
process.once("SIGTERM", () => {
  terminated = true;
  interrupted.abort();
  process.once("SIGTERM", () => process.exit(143));
});

process.stdout.on("error", endForStdout);
// A closed stderr must not stop the work.
process.stderr.on("error", () => undefined);

const exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  ...(!process.stdout.isTTY && { writeBytes }),
  stdin: () => process.stdin,
  env: process.env,
  signal: interrupted.signal,
  interactive: process.stderr.isTTY && process.env.TERM !== "dumb",
  columns: () => process.stderr.columns,
});
// Threads of a GPU runtime (Dawn) would keep a finished process alive, so it ends itself, once all output is written.
process.stdout.write("", (error) => {
  // The stream's `error` event, which follows, ends the process.
  if (error) return;
  process.stderr.write("", () => process.exit(exitCode === 130 && terminated ? 143 : exitCode));
});

/** The callback waits for the reader, so that at most one piece is held in memory. */
function writeBytes(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
}

/** Ends the process, since its results cannot be written. */
function endForStdout(error: NodeJS.ErrnoException): void {
  // A reader that went away (`callsign ... | head`) is not an error.
  if (error.code === "EPIPE") process.exit(0);
  const reason = error.code === "ENOSPC" ? "the disk is full" : error.message;
  const text = `error [FILE_WRITE_FAILED] standard output: cannot be written: ${reason}\n`;
  process.stderr.write(text, () => process.exit(1));
}
