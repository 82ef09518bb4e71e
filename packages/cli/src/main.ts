import { runCli } from "./cli.ts";

const interrupted = new AbortController();
// The first Ctrl-C lets a stage stop at a safe point; a second one ends the process at once.
process.once("SIGINT", () => {
  process.stderr.write("\nInterrupted: finishing the step in hand (press Ctrl-C again to stop at once).\n");
  interrupted.abort();
  process.once("SIGINT", () => process.exit(130));
});
process.once("SIGTERM", () => interrupted.abort());
// A reader that went away (`callsign ... | head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  signal: interrupted.signal,
  interactive: process.stderr.isTTY,
});
// Threads of a GPU runtime (Dawn) would keep a finished process alive, so it ends itself, once all output is written.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
