/**
 * `npm start`: the main job on a fresh machine. From three typed commands to a measured detector: synthesizes speech,
 * trains, and streams a conversation that the training never had. Where the real data lies beside the repository (or in
 * CALLSIGN_DATA), the challenge clip is scored too, by the published detector and by the one just made. Every step is a
 * `callsign` command that is shown as it runs.
 */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type CliContext, runCli } from "@callsign/cli";
import { checkFrontend } from "./check-frontend.ts";
import { type Heard, hearConversation } from "./hear-conversation.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = resolve(process.env.CALLSIGN_DATA ?? join(root, "..", "shared"));
const interrupted = new AbortController();
process.once("SIGINT", () => {
  interrupted.abort();
  process.once("SIGINT", () => process.exit(130));
});

const started = performance.now();
const run = join(root, "runs", "start");
const model = join(run, "model");
const clip = join(run, "conversation", "conversation.wav");
const truth = join(run, "conversation", "truth.json");
const config = join(root, "configs", "start.yaml");
const needed = {
  checkpoint: join(data, "reference", "galactic-published.safetensors"),
  embedding: join(data, "reference", "embedding_model.onnx"),
  clip: join(data, "challenge", "challenge.wav"),
  truth: join(data, "challenge", "ground-truth.json"),
  prime: join(data, "challenge", "priming.wav"),
};

process.exitCode = await main();
process.stdout.write("", () => process.exit());

async function main(): Promise<number> {
  const failed =
    (await checkFrontend((line) => console.log(line))) ||
    (await callsign(["run", "--config", config, "--out", run])) ||
    (await callsign(["eval", "conversation", "--config", config, "--out", join(run, "conversation")])) ||
    (await callsign([
      "eval",
      "challenge",
      "--model",
      model,
      "--clip",
      clip,
      "--truth",
      truth,
      "--report",
      join(run, "report"),
    ]));
  if (failed !== 0) return failed;
  const heard = await hearConversation({ model, clip, truth });
  console.log(`\n${formatHeard(heard)}`);
  const missing = Object.values(needed).filter((file) => !existsSync(file));
  if (missing.length > 0) explainMissing(missing);
  const failedClip = missing.length > 0 ? 0 : await scoreClip();
  console.log(`\nDone in ${Math.round((performance.now() - started) / 1000)} s.`);
  console.log(`  the model     ${shown(model)}`);
  console.log(`  its report    ${shown(join(run, "report", "report.html"))}`);
  console.log(
    "This detector is tuned for muting: it mutes too much rather than too little. For a wake word make one with\n" +
      '`npm run -s callsign -- new "hey nimbus"`, or ask for fewer detections with --false-alarms-per-day.',
  );
  return failedClip;
}

/** The real clip: the published detector, and the one just made, which has heard none of it. */
async function scoreClip(): Promise<number> {
  const published = join(root, "runs", "galactic-published");
  const recording = ["--clip", needed.clip, "--truth", needed.truth, "--prime", needed.prime];
  console.log("\nThe published detector on the challenge clip");
  const failed =
    (await callsign([
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
      published,
      "--force",
    ])) ||
    (await callsign([
      "eval",
      "challenge",
      "--model",
      published,
      "--embedding",
      needed.embedding,
      ...recording,
      "--report",
      join(published, "report"),
    ]));
  if (failed !== 0) return failed;
  console.log("\nThe detector just made on the same clip, of which it has heard nothing");
  return callsign(["eval", "challenge", "--model", model, ...recording]);
}

/** Runs one command in this process, shown as a person would type it. */
async function callsign(args: readonly string[]): Promise<number> {
  console.log(`\n$ callsign ${args.map(shown).join(" ")}`);
  const context: CliContext = {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    env: process.env,
    signal: interrupted.signal,
    interactive: process.stderr.isTTY,
  };
  return runCli(args, context);
}

function shown(path: string): string {
  return path.startsWith(root) || path.startsWith(data) ? relative(process.cwd(), path) : path;
}

function formatHeard({ lines, cpuPerSecond, minutes }: Heard): string {
  return [
    `What was said in the conversation (${minutes.toFixed(1)} minutes), and what was heard (in brackets: peak score)`,
    ...lines,
    `CPU: ${(1000 * cpuPerSecond).toFixed(1)} ms a second of audio, ${(100 * cpuPerSecond).toFixed(1)} % of one core`,
  ].join("\n");
}

function explainMissing(missing: readonly string[]): void {
  console.log(`
Not done: scoring the published detector on the challenge clip. Missing:
${missing.map((file) => `  ${file}`).join("\n")}
How to get them: the clip, its truth and the weights belong to the AAICO February 2024 voice-processing challenge and
its published solution and may not be copied here. Put them into a folder laid out as above and set CALLSIGN_DATA to
it. The speech embedding alone: npm run -s callsign -- models pull google-speech-embedding`);
}
