/**
 * `npm start`: the main job on a fresh machine. Checks the front-end against its definition on generated signals
 * and, where the real data lies beside the repository (or in CALLSIGN_DATA), scores the published detector on the
 * challenge clip. Every step is a `callsign` command that is shown as it runs.
 */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type CliContext, runCli } from "@callsign/cli";
import { checkFrontend } from "./check-frontend.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = resolve(process.env.CALLSIGN_DATA ?? join(root, "..", "shared"));
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());

const needed = {
  checkpoint: join(data, "reference", "galactic-published.safetensors"),
  embedding: join(data, "reference", "embedding_model.onnx"),
  clip: join(data, "challenge", "challenge.wav"),
  truth: join(data, "challenge", "ground-truth.json"),
  prime: join(data, "challenge", "priming.wav"),
};

const missing = Object.values(needed).filter((file) => !existsSync(file));
let exitCode: number = await checkFrontend((line) => console.log(line));
if (missing.length === 0) exitCode ||= await scorePublishedDetector();
else explainMissing();
process.stdout.write("", () => process.exit(exitCode));

async function scorePublishedDetector(): Promise<number> {
  const model = join(root, "runs", "galactic-published");
  console.log("\nThe published detector on the challenge clip");
  return (
    (await callsign(
      "export",
      "--checkpoint",
      needed.checkpoint,
      "--architecture",
      "mlp",
      "--label",
      "galactic",
      "--threshold",
      "0.73",
      "--out",
      model,
    )) ||
    (await callsign(
      "eval",
      "challenge",
      "--model",
      model,
      "--embedding",
      needed.embedding,
      "--clip",
      needed.clip,
      "--truth",
      needed.truth,
      "--prime",
      needed.prime,
      "--report",
      join(model, "report"),
    ))
  );
}

/** Runs one command in this process, shown as a person would type it. */
async function callsign(...args: string[]): Promise<number> {
  const shown = args.map((arg) =>
    arg.startsWith(root) || arg.startsWith(data) ? relative(process.cwd(), arg) : arg,
  );
  console.log(`\n$ callsign ${shown.join(" ")}`);
  const context: CliContext = {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    signal: interrupted.signal,
    interactive: process.stderr.isTTY,
  };
  return runCli(args, context);
}

function explainMissing(): void {
  console.log(`
Not done: scoring the published detector on the challenge clip. Missing:
${missing.map((file) => `  ${file}`).join("\n")}
How to get them: the clip, its truth and the weights belong to the AAICO February 2024 voice-processing challenge and
its published solution and may not be copied here. Put them into a folder laid out as above and set CALLSIGN_DATA to
it. The speech embedding alone: npm run -s callsign -- models pull google-speech-embedding`);
}
