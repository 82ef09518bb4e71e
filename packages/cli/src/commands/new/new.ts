import { join } from "node:path";

import { type Command, Option } from "commander";

import { backendOption } from "../../flags/backend.ts";
import { type CliContext, commandPrefix, printJson } from "../../context.ts";
import { runDetector } from "../run.ts";
import { formatPrepared } from "./format-prepared.ts";
import { type NewFlags, prepare } from "./prepare.ts";
import { formatPronunciations } from "./pronunciations.ts";

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
        "approximate time on two cores; a larger budget makes more clips of each phrase and of other speech, with more " +
          "copies, and trains longer; recordings are always used completely",
      )
        .choices(["5m", "30m", "overnight"])
        .default("30m"),
    )
    .option("--speech <dir...>", "folders with recordings of speech without the phrases")
    .option("--noise <dir...>", "folders with recordings of noise without words: machines, music, rain")
    .option(
      "--voices <dir...>",
      "folders or Hugging Face hub ids of neural voices (VITS or Piper models); needs sherpa-onnx-node (default: the folders " +
        "in CALLSIGN_VOICES, else, if sherpa-onnx-node is installed, a model of 904 voices from the cache or the hub)",
    )
    .option("--no-voices", "use no neural voices and download none")
    .option(
      "--sounds-like <word=sound...>",
      'pronunciation of a word of the phrases: "siorsha=see OR sha" (syllables, the stressed one in capitals) or IPA, ' +
        '"siorsha=/ʃiˈɔrʃə/"; several are used equally often (default: from the dictionary or the spelling)',
    )
    .option(
      "--said <word=file...>",
      "recording of you saying the word; the three pronunciations nearest to it are used",
    )
    .option("--samples <dir>", "write each pronunciation of the words shown as a WAV file")
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

async function makeNew(
  context: CliContext,
  { phrases, flags }: { phrases: readonly string[]; flags: NewFlags },
): Promise<void> {
  const prepared = await prepare(context, { phrases, flags });
  const { configFile, outDir, concerns, pronunciations, seconds } = prepared;
  const { spokenNotes } = await import("@callsign/data/internal");
  const command = commandPrefix(context.env);
  for (const note of spokenNotes(phrases)) context.stderr(`note: ${note}\n`);
  // Pronunciations that were guessed are shown below.
  for (const { message } of concerns.filter(({ kind }) => kind !== "guessed"))
    context.stderr(`warning: ${message}\n`);
  context.stderr(await formatPronunciations(pronunciations));
  const isGiven = flags.soundsLike !== undefined || flags.said !== undefined;
  if (Object.keys(pronunciations).length > 0 && !isGiven) context.stderr(`${PRONUNCIATION_HINT}\n`);
  context.stderr(await formatPrepared(prepared, flags.budget));
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

const PRONUNCIATION_HINT =
  'note: if you pronounce a word differently, use --sounds-like "WORD=see OR sha" or --said WORD=FILE; --samples DIR writes these as WAV files';
