import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import type { BuildPlan, PhraseConcern } from "@callsign/data";
import { CallsignError } from "@callsign/infer";
import type { RecipeBudget, StageSeconds } from "@callsign/train";
import { type Command, Option } from "commander";

import { BACKEND_CHOICES } from "../backend-choices.ts";
import { type CliContext, printJson } from "../context.ts";
import { formatDuration } from "../progress.ts";
import { contextOf } from "./data.ts";
import { runDetector } from "./run.ts";

interface NewFlags {
  readonly out?: string;
  readonly name?: string;
  readonly budget: RecipeBudget;
  readonly speech?: readonly string[];
  readonly noise?: readonly string[];
  readonly seed: string;
  readonly backend?: string;
  readonly run: boolean;
  readonly json?: boolean;
}

/** `callsign new`: from typed words to a detector, with a config to change and run again. */
export function registerNew(program: Command, context: CliContext): void {
  program
    .command("new")
    .description("Make a detector from typed words: write its config, show the plan, and run it.")
    .argument("<phrase...>", "words to detect; each phrase becomes a label of its own")
    .option("--out <dir>", "folder for config, data, model and report (default: runs/NAME)")
    .option("--name <name>", "name of the detector and its folder (default: made from the phrases)")
    .addOption(
      new Option(
        "--budget <time>",
        "amount of data and training, as the approximate time it takes on two cores",
      )
        .choices(["5m", "30m", "overnight"])
        .default("30m"),
    )
    .option("--speech <dir...>", "folders with recordings of people who do not say the phrases")
    .option("--noise <dir...>", "folders with recordings without words: machines, music, rain")
    .option("--seed <seed>", "random seed; the same seed and phrases give the same detector", "1")
    .option("--backend <name>", `${BACKEND_CHOICES} (default: auto)`)
    .option("--no-run", "write the config and show the plan only; callsign run does the rest")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      '\nExample:\n  callsign new "hey nimbus" "lights out" --budget 5m --speech recordings/talk --noise recordings/noise',
    )
    .action((phrases: string[], flags: NewFlags) => makeNew(context, { phrases, flags }));
}

/** A config written, and what is known of it before it is run. */
interface Prepared {
  readonly configFile: string;
  readonly outDir: string;
  readonly concerns: readonly PhraseConcern[];
  readonly plan: BuildPlan;
  readonly seconds: StageSeconds;
}

async function makeNew(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: NewFlags },
): Promise<void> {
  const prepared = await prepare(context, { phrases, flags });
  const { configFile, outDir, concerns, plan, seconds } = prepared;
  const { spokenNotes } = await import("@callsign/data");
  const { formatPlan } = await import("../format-data.ts");
  for (const note of spokenNotes(phrases)) context.stderr(`note: ${note}\n`);
  for (const { message } of concerns) context.stderr(`warning: ${message}\n`);
  context.stderr(`config: ${configFile}\n${formatPlan(plan)}${formatSeconds(seconds)}`);
  context.stderr(`${speechNote(plan)}\n`);
  if (flags.run) {
    await runDetector(context, {
      config: configFile,
      out: outDir,
      isBuildChecked: true,
      ...(flags.backend !== undefined && { backend: flags.backend }),
      ...(flags.json && { json: true }),
    });
    context.stderr(`try it: callsign listen ${join(outDir, "model")}\n`);
  } else if (flags.json) printJson(context, prepared);
  else context.stderr(`run it: callsign run --config ${configFile} --out ${outDir}\n`);
}

async function prepare(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: NewFlags },
): Promise<Prepared> {
  const { findBuildProblems, loadPronunciations, parseDataConfig, phraseConcerns } =
    await import("@callsign/data");
  const { planBuild, planTexts, throwProblems } = await import("@callsign/data");
  const { estimateStages, nameOfPhrases, parseDetectorConfig, writeRecipe } = await import("@callsign/train");
  const { parseConfig } = await import("../read-config.ts");
  const { speech = [], noise = [], budget, seed } = flags;
  const name = flags.name ?? nameOfPhrases(phrases);
  const text = writeRecipe({
    phrases,
    budget,
    seed,
    name,
    speech: speech.map((folder) => resolve(folder)),
    noise: noise.map((folder) => resolve(folder)),
  });
  const outDir = flags.out ?? join("runs", name);
  const configFile = join(outDir, "config.yaml");
  const value = parseConfig(text, { name: configFile });
  const { train } = parseDetectorConfig(value, { name: configFile });
  const building = await contextOf(context, {
    config: parseDataConfig(value, { name: configFile }),
    file: configFile,
    out: join(outDir, "data"),
  });
  const problems = await findBuildProblems(building);
  // A config that cannot run is only written for somebody who is going to edit it.
  if (flags.run) throwProblems(problems);
  await writeConfig(context, { configFile, text });
  throwProblems(problems);
  const concerns = phraseConcerns(phrases, await loadPronunciations());
  const plan = await planBuild(building, await planTexts(building));
  const seconds = estimateStages(plan, { train, workers: building.workers });
  return { configFile, outDir, concerns, plan, seconds };
}

/** A config that a person has changed is theirs: only the same one is written again. */
async function writeConfig(
  { signal }: CliContext,
  { configFile, text }: { configFile: string; text: string },
): Promise<void> {
  const { writeFileAtomic } = await import("@callsign/infer/node");
  const there = await readFile(configFile, "utf8").catch(() => undefined);
  if (there === text) return;
  if (there !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${configFile}: there is another config; run it with callsign run --config ${configFile}, or give another --out`,
    );
  await writeFileAtomic(configFile, text, { signal });
}

function formatSeconds({ synthesize, features, train }: StageSeconds): string {
  const total = synthesize + features + train;
  return (
    `time: about ${formatDuration(total)} on this machine's processor ` +
    `(speech ${formatDuration(synthesize)}, features ${formatDuration(features)}, training ${formatDuration(train)}); ` +
    "stopped at any time, the same command goes on\n"
  );
}

/** How much real speech there is: what accuracy depends on most. */
function speechNote({ sets }: BuildPlan): string {
  const corpora = sets.filter(({ kind }) => kind === "corpus");
  const seconds = corpora.reduce((sum, { seconds: length }) => sum + length, 0);
  return seconds === 0
    ? "real speech: none; everything that is not the phrase is synthesized, and people's talk will set it off more often. Give recordings with --speech"
    : `real speech: about ${formatDuration(seconds)} of recordings, heard as what is not the phrase`;
}
