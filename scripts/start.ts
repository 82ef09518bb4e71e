/**
 * `npm start`: Callsign on a fresh machine, in two acts. First the ready word "computer" listens to a conversation that is
 * in this repository. Then a new word is made from typed text (`npm start -- "hey nimbus"`; by default three commands) and
 * listens to a conversation that its training never had. Where the real data lies beside the repository (or in
 * CALLSIGN_DATA), the published detector is scored on the challenge's clip. Every step is a `callsign` command that is shown as it runs.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runCli } from "@callsign/cli";
import { readAudioFile } from "@callsign/audio/node/internal";
import { type ChallengeTruth, readChallengeTruth } from "@callsign/eval/internal";
import { loadDetector, readyWords } from "@callsign/infer/node/internal";
import { checkFrontend } from "./check-frontend.ts";
import { processContext } from "./process-context.ts";
import { formatHeard, hearConversation } from "./start/hear-conversation.ts";
import { newWord } from "./start/new-word.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = resolve(process.env.CALLSIGN_DATA ?? join(root, "..", "shared"));
const interrupted = new AbortController();
process.once("SIGINT", () => {
  interrupted.abort();
  process.once("SIGINT", () => process.exit(130));
});

const started = performance.now();
/** Ten an hour of the validation's talk, which has more near-misses than a conversation: there it is about one in ten minutes. */
const FALSE_ALARMS_PER_DAY = 240;
const CONVERSATION_MINUTES = 10;
const needed = {
  checkpoint: join(data, "reference", "galactic-published.safetensors"),
  embedding: join(data, "reference", "embedding_model.onnx"),
  clip: join(data, "challenge", "challenge.wav"),
  truth: join(data, "challenge", "ground-truth.json"),
  prime: join(data, "challenge", "priming.wav"),
};

process.exitCode = await main(process.argv.slice(2));
process.stdout.write("", () => process.exit());

async function main(phrases: readonly string[]): Promise<number> {
  const word = newWord(join(root, "configs", "start.yaml"), phrases);
  const run = join(root, "runs", word.name);
  const failed = (await checkFrontend((line) => console.log(line))) || (await firstAct());
  if (failed !== 0) return failed;
  return (await secondAct(word, run)) || (phrases.length > 0 ? 0 : await publishedDetector()) || end(run);
}

/** The ready word on the conversation that is in the repository. */
async function firstAct(): Promise<0> {
  if (!readyWords().has("computer")) {
    console.log(
      '\n1. Not done: packages/words has no ready word "computer"; npm run build-words makes it (docs/words.md)',
    );
    return 0;
  }
  const folder = join(root, "scripts", "start");
  const conversation = await readConversation(join(folder, "conversation.opus"), join(folder, "truth.json"));
  console.log(
    '\n1. The ready word "computer" listens to scripts/start/conversation.opus, synthetic voices that its training did not have\n',
  );
  const detector = await loadDetector("computer");
  console.log(formatHeard(await hearConversation(detector, conversation)));
  await detector.dispose();
  console.log("  Try your own microphone: npm run -s callsign -- listen computer");
  return 0;
}

/** A new word, from text to figures. */
async function secondAct(word: ReturnType<typeof newWord>, run: string): Promise<number> {
  console.log(`\n2. A new detector, from typed words: ${word.labels.join(", ")}`);
  mkdirSync(run, { recursive: true });
  const configs = { own: join(run, "config.yaml"), conversation: join(run, "conversation.yaml") };
  writeFileSync(configs.own, word.text);
  writeFileSync(configs.conversation, word.conversation);
  const talk = join(run, "conversation");
  const [clip, truth] = [join(talk, "conversation.wav"), join(talk, "truth.json")];
  const model = join(run, "model");
  const failed =
    (await callsign(["run", "--config", configs.own, "--out", run])) ||
    (await callsign(
      [
        ["eval", "conversation", "--config", configs.conversation, "--out", talk],
        ["--minutes", String(CONVERSATION_MINUTES), "--command-share", "0.12"],
      ].flat(),
    ));
  if (failed !== 0) return failed;
  const conversation = await readConversation(clip, truth);
  console.log(
    `\nThe new detector in a conversation of other voices, at the threshold for ten false alarms an hour of validation (--false-alarms-per-day ${FALSE_ALARMS_PER_DAY})`,
  );
  const detector = await loadDetector(model, { falseAlarmsPerDay: FALSE_ALARMS_PER_DAY });
  console.log(formatHeard(await hearConversation(detector, conversation)));
  await detector.dispose();
  return 0;
}

/** The published detector on the challenge's clip. */
async function publishedDetector(): Promise<number> {
  const missing = Object.values(needed).filter((file) => !existsSync(file));
  if (missing.length > 0) {
    explainMissing(missing);
    return 0;
  }
  const published = join(root, "runs", "galactic-published");
  const recording = ["--clip", needed.clip, "--truth", needed.truth, "--prime", needed.prime];
  console.log("\nThe published detector on the challenge clip");
  return (
    (await callsign(
      [
        ["export", "--checkpoint", needed.checkpoint, "--architecture", "mlp", "--label", "galactic"],
        ["--threshold", "0.73", "--out", published, "--force"],
      ].flat(),
    )) ||
    callsign(
      [
        ["eval", "challenge", "--model", published, "--embedding", needed.embedding],
        recording,
        ["--report", join(published, "report")],
      ].flat(),
    )
  );
}

function end(run: string): 0 {
  const report = join(run, "model", "report.html");
  console.log(`\nDone in ${Math.round((performance.now() - started) / 1000)} s.`);
  console.log(`  the model     ${shown(join(run, "model"))}`);
  console.log(`  the report    ${shown(report)}`);
  console.log(`                ${pathToFileURL(report).href}`);
  console.log(
    `Listen with it: npm run -s callsign -- listen ${shown(join(run, "model"))} --false-alarms-per-day ${FALSE_ALARMS_PER_DAY}\n` +
      'Another word:   npm start -- "hey nimbus"; for a better one, npm run -s callsign -- new "hey nimbus"',
  );
  return 0;
}

async function readConversation(
  clip: string,
  truthFile: string,
): Promise<{ samples: Float32Array; truth: ChallengeTruth }> {
  const truth = await readChallengeTruth(truthFile);
  const { samples } = await readAudioFile(clip, { sampleRateHz: truth.sampleRateHz });
  return { samples, truth };
}

/** Runs one command in this process, shown as a person would type it. */
async function callsign(args: readonly string[]): Promise<number> {
  console.log(`\n$ callsign ${args.map(shown).join(" ")}`);
  return runCli(args, processContext(interrupted.signal));
}

function shown(path: string): string {
  return path.startsWith(root) || path.startsWith(data) ? relative(process.cwd(), path) : path;
}

function explainMissing(missing: readonly string[]): void {
  console.log(`
Not done: scoring the published detector on the challenge clip. Missing:
${missing.map((file) => `  ${file}`).join("\n")}
How to get them: the clip, its truth and the weights belong to the AAICO February 2024 voice-processing challenge and
its published solution and may not be copied here. Put them into a folder laid out as above and set CALLSIGN_DATA to
it. The speech embedding alone: npm run -s callsign -- models pull google-speech-embedding`);
}
