import { type AudioCopy, CallsignError, type Detector } from "@callsign/infer";
import type { Command } from "commander";
import type { CliContext } from "./context.ts";
import { addHeadOptions, headArguments, type HeadFlags, headOf } from "./head-options.ts";
import { COPIES_HELP, formatCopies, parseCopies } from "./parse-copies.ts";
import { formatThreshold, parseThreshold, type Threshold } from "./parse-threshold.ts";
import { ProgressLine } from "./progress.ts";

/** How models are run, whichever they are. */
export interface DetectorChoice extends HeadFlags {
  readonly embedding?: string;
  readonly provider: string;
  readonly tta?: readonly AudioCopy[];
}

/** The flags of every command that runs one model. */
export interface OpenDetectorFlags extends DetectorChoice {
  readonly model: string;
  readonly threshold?: Threshold;
}

const PROVIDERS = ["auto", "cuda", "webgpu", "cpu"] as const;

/** Declares the flags that `openDetector` reads. */
export function addDetectorOptions(command: Command): Command {
  const choosing = command
    .requiredOption(
      "--model <dir>",
      "model: its folder, model.json or model.onnx, or an .onnx head without a card (openWakeWord, livekit-wakeword)",
    )
    .option(
      "--threshold <score>",
      "detection threshold, 0 to 1, for all labels or as LABEL=SCORE,... (default: the model card's)",
      parseThreshold,
    );
  return addDetectorChoice(choosing);
}

/** Declares the flags of `DetectorChoice`, for commands that name their models otherwise. */
export function addDetectorChoice(command: Command): Command {
  return addHeadOptions(command)
    .option(
      "--embedding <file>",
      "speech embedding ONNX file (default: found as `callsign models list` shows)",
    )
    .option(
      "--provider <name>",
      `execution provider: ${PROVIDERS.join(", ")}; the CPU is used if it is not available`,
      "cpu",
    )
    .option("--tta <copies>", COPIES_HELP, parseCopies);
}

/** The flags among these that change what a model says, as they were given. */
export const detectorArguments = (flags: Omit<OpenDetectorFlags, "provider">): string[] => [
  ...(flags.threshold === undefined ? [] : ["--threshold", formatThreshold(flags.threshold)]),
  ...(flags.tta === undefined ? [] : ["--tta", formatCopies(flags.tta)]),
  ...headArguments(flags),
];

/**
 * Loads the detector a command line names; a download, a provider that was not there and guesses about a head without a
 * card are reported on stderr.
 * @param flags.models all models of the command line, where there are several
 */
export async function openDetector(
  context: CliContext,
  flags: OpenDetectorFlags & { readonly models?: readonly string[] },
): Promise<Detector> {
  const { createNodeSession, loadDetector } = await import("@callsign/infer/node");
  const progress = new ProgressLine(context);
  const createSession = createNodeSession({
    providers: providersOf(flags.provider),
    onFallback: ({ provider, reason }) =>
      context.stderr(`${provider} is not available, trying the next provider: ${reason.split("\n", 1)[0]}\n`),
  });
  try {
    return await loadDetector(flags.model, {
      createSession,
      head: headOf(flags, { model: flags.model, models: flags.models ?? [flags.model] }),
      onNote: (note) => context.stderr(`${note}\n`),
      ...(flags.threshold === undefined ? {} : { threshold: flags.threshold }),
      ...(flags.embedding === undefined ? {} : { embeddingPath: flags.embedding }),
      ...(flags.tta === undefined ? {} : { testTimeAugmentation: flags.tta }),
      assets: { env: context.env, signal: context.signal, onProgress: (event) => progress.update(event) },
    });
  } finally {
    progress.finish();
  }
}

function providersOf(name: string): "auto" | readonly ("cuda" | "webgpu" | "cpu")[] {
  const known = PROVIDERS.find((provider) => provider === name);
  if (known === undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--provider: expected one of ${PROVIDERS.join(", ")}, got "${name}"`,
    );
  return known === "auto" ? known : known === "cpu" ? [known] : [known, "cpu"];
}
