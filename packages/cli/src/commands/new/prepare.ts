import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import type {
  BuildContext,
  BuildPlan,
  FoundEngines,
  PhraseConcern,
  WordSounds,
} from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { RecipeBudget, RecipeOptions, StageSeconds } from "@callsign/train/internal";

import { type CliContext, commandPrefix } from "../../context.ts";
import { contextOf } from "../data.ts";
import { choosePronunciations, type PronunciationFlags, writeSamples } from "./pronunciations.ts";

/** Flags of `callsign new`. */
export interface NewFlags extends PronunciationFlags {
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

/** A written config, with the plan and the estimated time of its run. */
export interface Prepared {
  readonly configFile: string;
  readonly outDir: string;
  readonly concerns: readonly PhraseConcern[];
  /** Pronunciations of the words that have several, or that the dictionary lacks. */
  readonly pronunciations: WordSounds;
  readonly plan: BuildPlan;
  readonly seconds: StageSeconds;
}

/**
 * Writes the config for the phrases, with the available engines and the given recordings, and plans its build.
 * @throws CallsignError `CONFIG_INVALID` with all problems, `INVALID_ARGUMENT`
 */
export async function prepare(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: NewFlags },
): Promise<Prepared> {
  const { loadPronunciations, phraseConcerns, planBuild, planTexts, throwProblems, withSounds } =
    await import("@callsign/data/internal");
  const { estimateStages, loadBackend, measureTraining, nameOfPhrases, parseDetectorConfig } =
    await import("@callsign/train/internal");
  const { parseConfig } = await import("../../config/read-config.ts");
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
  const { text, building, problems } = await fitRecipe(context, { recipe, configFile, outDir });
  const config = parseDetectorConfig(parseConfig(text, { name: configFile }), { name: configFile });
  // With --no-run the config is written even if there are problems, so that it can be edited.
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

/** Recipe with a window long enough for the phrases and copies by the length of the recordings, and the problems of its build. */
async function fitRecipe(
  context: CliContext,
  { recipe, configFile, outDir }: { recipe: RecipeOptions; configFile: string; outDir: string },
): Promise<{ text: string; building: BuildContext; problems: readonly CallsignError[] }> {
  const { chooseEmbeddings, findBuildProblems, measurePhrases, parseDataConfig, planBuild } =
    await import("@callsign/data/internal");
  const { writeRecipe } = await import("@callsign/train/internal");
  const { parseConfig } = await import("../../config/read-config.ts");
  const contextFor = async (text: string): Promise<BuildContext> => ({
    ...(await contextOf(context, {
      config: parseDataConfig(parseConfig(text, { name: configFile }), { name: configFile }),
      file: configFile,
      out: join(outDir, "data"),
    })),
    originOf: flagOf,
  });
  const first = writeRecipe(recipe);
  const building = await contextFor(first);
  const problems = await findBuildProblems(building);
  if (problems.length > 0) return { text: first, building, problems };
  const embeddings = chooseEmbeddings(await measurePhrases(building), building.config);
  const { sets } = await planBuild(building, []);
  const secondsOf = (kind: string): number =>
    sets.reduce((sum, set) => sum + (set.kind === kind ? set.seconds : 0), 0);
  const recordedSeconds = { speech: secondsOf("corpus"), noise: secondsOf("noise") };
  const text = writeRecipe({ ...recipe, embeddings, recordedSeconds });
  return { text, building: await contextFor(text), problems };
}

/** Speech engines of this machine, and notes on why others are left out. */
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

/** The flag that a folder of the recipe comes from; the config may not be written yet. */
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
      `${configFile}: the file exists with other content and is not overwritten; run it with ${commandPrefix(env)} run --config ${configFile}, or choose another folder with --out`,
    );
  await writeFileAtomic(configFile, text, { signal });
}
