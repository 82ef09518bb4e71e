import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { BuildPlan, FoundEngines, PhraseConcern, WordSounds } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { RecipeBudget, StageSeconds } from "@callsign/train/internal";
import { type Command, Option } from "commander";

import { backendOption } from "../flags/backend.ts";
import { type CliContext, commandPrefix, printJson } from "../context.ts";
import { formatDuration } from "../output/progress.ts";
import { contextOf } from "./data.ts";
import {
  choosePronunciations,
  formatPronunciations,
  type PronunciationFlags,
  writeSamples,
} from "./new-pronunciations.ts";
import { runDetector } from "./run.ts";

interface NewFlags extends PronunciationFlags {
  readonly out?: string;
  readonly name?: string;
  readonly budget: RecipeBudget;
  readonly speech?: readonly string[];
  readonly noise?: readonly string[];
  readonly voices?: readonly string[] | false;
  readonly seed: string;
  readonly backend?: string;
  readonly run: boolean;
  readonly json?: boolean;
}

/** Registers `callsign new`: a config and a detector from phrases. */
export function registerNew(program: Command, context: CliContext): void {
  program
    .command("new")
    .description("Make a detector from phrases: write its config, print the plan, and run it.")
    .argument("<phrase...>", "phrases to detect; each is a label")
    .option("--out <dir>", "folder for config, data, model and report (default: runs/NAME)")
    .option("--name <name>", "name of the detector and its folder (default: made from the phrases)")
    .addOption(
      new Option(
        "--budget <time>",
        "amount of data and training, by the approximate time on two cores: a larger one makes more clips of each phrase " +
          "and of other speech, with more variations, and trains longer; the recordings given are used whole in each",
      )
        .choices(["5m", "30m", "overnight"])
        .default("30m"),
    )
    .option("--speech <dir...>", "folders with recordings of speech without the phrases")
    .option("--noise <dir...>", "folders with recordings of noise without words: machines, music, rain")
    .option(
      "--voices <dir...>",
      "folders with neural voices (VITS or Piper models), or ids of models on the Hugging Face hub; default: the folders " +
        "that CALLSIGN_VOICES names, else a model of 904 readers from the hub or the cache, where sherpa-onnx-node is installed",
    )
    .option("--no-voices", "no neural voices, and no download of any")
    .option(
      "--sounds-like <word=sound...>",
      'how a word of the phrases is said: "siorsha=see OR sha" (syllables, the stressed one in capitals) or IPA, ' +
        '"siorsha=/ʃiˈɔrʃə/"; several are equally likely (default: what the dictionary or the letters allow)',
    )
    .option(
      "--said <word=file...>",
      "a recording of you saying the word: the pronunciations most like it are taken",
    )
    .option("--samples <dir>", "write each pronunciation of the words that have several as a WAV file")
    .option("--seed <seed>", "random seed; equal seeds and phrases give the same detector", "1")
    .addOption(backendOption("auto"))
    .option("--no-run", "only write the config and print the plan; continue with callsign run")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      '\nExample:\n  callsign new "hey nimbus" "lights out" --budget 5m --speech recordings/talk --noise recordings/noise',
    )
    .action((phrases: string[], flags: NewFlags) => makeNew(context, { phrases, flags }));
}

/** A written config, and what is known about it before it is run. */
interface Prepared {
  readonly configFile: string;
  readonly outDir: string;
  readonly concerns: readonly PhraseConcern[];
  /** Pronunciations of the words that have several, or that the dictionary lacks. */
  readonly pronunciations: WordSounds;
  readonly plan: BuildPlan;
  readonly seconds: StageSeconds;
}

async function makeNew(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: NewFlags },
): Promise<void> {
  const prepared = await prepare(context, { phrases, flags });
  const { configFile, outDir, concerns, plan, seconds } = prepared;
  const { spokenNotes } = await import("@callsign/data/internal");
  const { formatPlan } = await import("../output/format-data.ts");
  const { BUDGET_SECONDS } = await import("@callsign/train/internal");
  const command = commandPrefix(context.env);
  for (const note of spokenNotes(phrases)) context.stderr(`note: ${note}\n`);
  // Pronunciations that were guessed are shown below.
  for (const { message } of concerns.filter(({ kind }) => kind !== "guessed"))
    context.stderr(`warning: ${message}\n`);
  context.stderr(await formatPronunciations(prepared.pronunciations));
  if (
    Object.keys(prepared.pronunciations).length > 0 &&
    flags.soundsLike === undefined &&
    flags.said === undefined
  )
    context.stderr(`${PRONUNCIATION_HINT}\n`);
  context.stderr(`config: ${configFile}\n${formatPlan(plan)}${formatSeconds(seconds)}`);
  if (totalSeconds(seconds) > BUDGET_SECONDS[flags.budget]) context.stderr(`${overBudget(flags.budget)}\n`);
  context.stderr(`${speechNote(plan)}\n`);
  if (flags.run) {
    await runDetector(context, {
      config: configFile,
      out: outDir,
      isBuildChecked: true,
      estimate: seconds,
      ...(flags.backend !== undefined && { backend: flags.backend }),
      ...(flags.json && { json: true }),
    });
    context.stderr(`try it: ${command} listen ${join(outDir, "model")}\n`);
  } else if (flags.json) printJson(context, prepared);
  else context.stderr(`run it: ${command} run --config ${configFile} --out ${outDir}\n`);
}

async function prepare(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: NewFlags },
): Promise<Prepared> {
  const { chooseEmbeddings, findBuildProblems, loadPronunciations, measurePhrases, withSounds } =
    await import("@callsign/data/internal");
  const { parseDataConfig, phraseConcerns } = await import("@callsign/data/internal");
  const { planBuild, planTexts, throwProblems } = await import("@callsign/data/internal");
  const { estimateStages, loadBackend, measureTraining, nameOfPhrases, parseDetectorConfig, writeRecipe } =
    await import("@callsign/train/internal");
  const { parseConfig } = await import("../config/read-config.ts");
  const { speech = [], noise = [], budget, seed } = flags;
  const name = flags.name ?? nameOfPhrases(phrases);
  const { sounds, named } = await choosePronunciations(context, { phrases, flags });
  const { engines, notes } = await findVoices(context, flags.voices);
  for (const note of notes) context.stderr(`note: ${note}\n`);
  const recipe = {
    phrases,
    budget,
    seed,
    name,
    engines,
    pronunciations: named,
    speech: speech.map((folder) => resolve(folder)),
    noise: noise.map((folder) => resolve(folder)),
  };
  const outDir = flags.out ?? join("runs", name);
  const configFile = join(outDir, "config.yaml");
  const read = (text: string) => parseConfig(text, { name: configFile });
  const contextFor = async (text: string) => ({
    ...(await contextOf(context, {
      config: parseDataConfig(read(text), { name: configFile }),
      file: configFile,
      out: join(outDir, "data"),
    })),
    originOf: flagOf,
  });
  let text = writeRecipe(recipe);
  let building = await contextFor(text);
  const problems = await findBuildProblems(building);
  if (problems.length === 0) {
    const embeddings = chooseEmbeddings(await measurePhrases(building), building.config);
    const { sets } = await planBuild(building, []);
    const secondsOf = (kind: string): number =>
      sets.reduce((sum, set) => sum + (set.kind === kind ? set.seconds : 0), 0);
    const recordedSeconds = { speech: secondsOf("corpus"), noise: secondsOf("noise") };
    text = writeRecipe({ ...recipe, embeddings, recordedSeconds });
    building = await contextFor(text);
  }
  const config = parseDetectorConfig(read(text), { name: configFile });
  // With --no-run the config is written in spite of problems, to be edited.
  if (flags.run) throwProblems(problems);
  await writeConfig(context, { configFile, text });
  throwProblems(problems);
  if (flags.samples !== undefined) {
    const paths = await writeSamples(sounds, { folder: flags.samples, signal: context.signal });
    context.stderr(`samples: ${paths.length} files in ${flags.samples}\n`);
  }
  const concerns = phraseConcerns(phrases, withSounds(await loadPronunciations(), sounds));
  const plan = await planBuild(building, await planTexts(building));
  const { backend } = await loadBackend(flags.backend ?? config.train.backend);
  const windowsPerSecond = await measureTraining({ config, backend });
  backend.release();
  const seconds = estimateStages(plan, { train: config.train, workers: building.workers, windowsPerSecond });
  return { configFile, outDir, concerns, pronunciations: sounds, plan, seconds };
}

const PRONUNCIATION_HINT =
  'note: if you say it otherwise, give your own: --sounds-like "WORD=see OR sha" or --said WORD=RECORDING; --samples DIR lets you hear these';

/** Speech engines of this machine, and what stands in the way of the others. */
async function findVoices({ env, signal }: CliContext, voices: NewFlags["voices"]): Promise<FoundEngines> {
  const { findEngines } = await import("@callsign/data/internal");
  const { cacheDirectory, createFetch } = await import("@callsign/infer/node/internal");
  return findEngines({
    voices,
    env,
    cacheDir: cacheDirectory({ env }),
    fetch: createFetch(env),
    signal,
    ...(env.HF_ENDPOINT && { hubUrl: env.HF_ENDPOINT }),
    ...(env.HF_TOKEN && { accessToken: env.HF_TOKEN }),
  });
}

/** The flag that gave a folder of the recipe, which need not be in a config yet. */
function flagOf(id: string): string | undefined {
  if (id.startsWith("corpus-speech-")) return "given with --speech";
  return id.startsWith("noise-noise-") ? "given with --noise" : undefined;
}

/** Writes the config. @throws CallsignError `INVALID_ARGUMENT` if the file exists and differs */
async function writeConfig(
  { env, signal }: CliContext,
  { configFile, text }: { configFile: string; text: string },
): Promise<void> {
  const { writeFileAtomic } = await import("@callsign/infer/node/internal");
  const there = await readFile(configFile, "utf8").catch(() => undefined);
  if (there === text) return;
  if (there !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${configFile}: exists and differs; run it with ${commandPrefix(env)} run --config ${configFile}, or give another --out`,
    );
  await writeFileAtomic(configFile, text, { signal });
}

const totalSeconds = ({ synthesize, features, train }: StageSeconds): number => synthesize + features + train;

const overBudget = (budget: RecipeBudget): string =>
  `note: that is more than the budget of ${BUDGET_WORDS[budget]}, which sets the amounts of data; ` +
  "more phrases, recordings and fewer cores take longer";

const BUDGET_WORDS: Readonly<Record<RecipeBudget, string>> = {
  "5m": "5 minutes",
  "30m": "30 minutes",
  overnight: "one night (8 hours)",
};

function formatSeconds(seconds: StageSeconds): string {
  const { synthesize, features, train } = seconds;
  return (
    `time: about ${formatDuration(totalSeconds(seconds))} on this machine's processor ` +
    `(speech ${formatDuration(synthesize)}, features ${formatDuration(features)}, training ${formatDuration(train)}); ` +
    "if stopped, run the same command to continue\n"
  );
}

/** Amount of real speech, on which accuracy depends most. */
function speechNote({ sets }: BuildPlan): string {
  const corpora = sets.filter(({ kind }) => kind === "corpus");
  const seconds = corpora.reduce((sum, { seconds: length }) => sum + length, 0);
  return seconds === 0
    ? "real speech: none; all negatives are synthesized, so real speech will cause more false alarms. Add recordings with --speech"
    : `real speech: about ${formatDuration(seconds)} of recordings, used as negatives`;
}
