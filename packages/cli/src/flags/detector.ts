import { CallsignError } from "@callsign/audio/internal";
import type { AudioVariant, Detector, Sensitivity } from "@callsign/infer/internal";
import { type Command, Option } from "commander";
import type { CliContext } from "../context.ts";
import { ProgressLine } from "../output/progress.ts";
import { COPIES_HELP, formatCopies, parseCopies } from "./copies.ts";
import { addHeadOptions, headArguments, type HeadFlags, headOf, namesInOrder } from "./heads.ts";
import { parseNumber } from "./numbers.ts";
import { formatThreshold, parseThreshold, type Threshold } from "./threshold.ts";

const PROVIDERS = ["auto", "cuda", "webgpu", "cpu"] as const;

/** Flags of every command that runs models: how they are loaded. */
export interface LoadFlags extends HeadFlags {
  readonly embedding?: string;
  readonly provider?: (typeof PROVIDERS)[number];
  readonly tta?: readonly AudioVariant[];
}

/** Flags of every command that reports detections: `LoadFlags`, and when a score is a detection. */
export interface DetectorFlags extends LoadFlags {
  readonly threshold?: Threshold;
  readonly falseAlarmsPerDay?: number;
}

/** Help of a flag or argument that names a model. */
export const MODEL_HELP =
  "name of a ready word (`callsign models words` lists them), model folder, its model.json or model.onnx, or an .onnx head without a card (openWakeWord, livekit-wakeword)";

/** Help of `--embedding` for a model that is loaded. */
export const EMBEDDING_HELP = "speech embedding ONNX file (default: found as `callsign models list` shows)";

/** Declares the flags of `DetectorFlags`. */
export function addDetectorOptions(command: Command): Command {
  command
    .optionsGroup("Detection:")
    .option(
      "--threshold <score>",
      "detection threshold, 0 to 1, for all labels or as LABEL=SCORE,... (default: the model card's)",
      parseThreshold,
    )
    .option(
      "--false-alarms-per-day <number>",
      "set each threshold to cause at most this many false alarms a day, by the curve in the model card",
      parseNumber,
    );
  return addLoadOptions(command);
}

/** Declares the flags of `LoadFlags`. */
export function addLoadOptions(command: Command): Command {
  return addHeadOptions(command)
    .optionsGroup("Loading:")
    .option("--embedding <file>", EMBEDDING_HELP)
    .addOption(
      new Option("--provider <name>", "execution provider; the CPU is used if it is not available")
        .choices(PROVIDERS)
        .default("cpu"),
    )
    .option("--tta <copies>", COPIES_HELP, parseCopies)
    .optionsGroup("Options:");
}

/** The flags that change a model's detections, as arguments of a command line. */
export const detectorArguments = (flags: DetectorFlags): string[] => [
  ...(flags.threshold === undefined ? [] : ["--threshold", formatThreshold(flags.threshold)]),
  ...(flags.falseAlarmsPerDay === undefined
    ? []
    : ["--false-alarms-per-day", String(flags.falseAlarmsPerDay)]),
  ...(flags.tta === undefined ? [] : ["--tta", formatCopies(flags.tta)]),
  ...headArguments(flags),
];

/**
 * Loads a detector of one or several models. Downloads, unavailable providers and guesses about heads without a card are
 * reported on stderr.
 * @param options.commandModels all models of the command line, if they are loaded one at a time
 * @throws CallsignError as `loadDetector`, `INVALID_ARGUMENT`
 */
export async function openDetector(
  context: CliContext,
  models: readonly string[],
  { commandModels = models, ...flags }: DetectorFlags & { readonly commandModels?: readonly string[] },
): Promise<Detector> {
  const { createNodeSession, loadDetector } = await import("@callsign/infer/node/internal");
  const sensitivity = sensitivityOf(flags);
  // Names without MODEL= go to the heads in their order.
  const headNames = models === commandModels ? namesInOrder(flags, models) : [];
  const named = { ...flags, name: (flags.name ?? []).filter((name) => !headNames.includes(name)) };
  const sources = models.map((path) => ({
    path,
    head: headOf(named, { model: path, models: commandModels }),
  }));
  const createSession = createNodeSession({
    providers: providersOf(flags.provider),
    onFallback: ({ provider, reason }) =>
      context.stderr(`${provider} is not available, trying the next provider: ${reason.split("\n", 1)[0]}\n`),
  });
  const progress = new ProgressLine(context);
  try {
    return await loadDetector(sources, {
      ...sensitivity,
      headNames,
      createSession,
      onNote: (note) => context.stderr(`${note}\n`),
      ...(flags.embedding === undefined ? {} : { embeddingPath: flags.embedding }),
      ...(flags.tta === undefined ? {} : { testTimeAugmentation: flags.tta }),
      assets: { env: context.env, signal: context.signal, onProgress: (event) => progress.update(event) },
    });
  } finally {
    progress.finish();
  }
}

/** Sensitivity that the flags ask for. @throws CallsignError `INVALID_ARGUMENT` if both flags are given */
export function sensitivityOf({ threshold, falseAlarmsPerDay }: DetectorFlags): Sensitivity {
  if (threshold !== undefined && falseAlarmsPerDay !== undefined)
    throw new CallsignError("INVALID_ARGUMENT", "give --threshold or --false-alarms-per-day, not both");
  return {
    ...(threshold !== undefined && { threshold }),
    ...(falseAlarmsPerDay !== undefined && { falseAlarmsPerDay }),
  };
}

const providersOf = (name: LoadFlags["provider"] = "cpu"): "auto" | readonly ("cuda" | "webgpu" | "cpu")[] =>
  name === "auto" ? name : name === "cpu" ? [name] : [name, "cpu"];
