import { join } from "node:path";

import type { DetectorConfig, TrainedDetector } from "@callsign/train/internal";
import { CallsignError } from "@callsign/audio/internal";
import { type Command, Option } from "commander";

import { backendOption, openBackend } from "../flags/backend.ts";
import { type CliContext, printJson } from "../context.ts";
import { follow } from "../output/follow.ts";
import type { RemainingTime } from "../output/remaining-time.ts";
import { formatEpoch, formatTrained } from "../output/format-training.ts";

interface TrainFlags {
  readonly config: string;
  readonly data?: string;
  readonly out?: string;
  readonly backend?: string;
  readonly resume?: boolean;
  readonly restart?: boolean;
  readonly json?: boolean;
}

/** Registers `callsign train`: a model from feature shards. */
export function registerTrain(program: Command, context: CliContext): void {
  program
    .command("train")
    .description("Train a detector on a data build and export it.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--data <dir>", "folder of the data build (default: build/NAME)")
    .option("--out <dir>", "folder for the model (default: models/NAME)")
    .addOption(backendOption("the config's"))
    .addOption(
      new Option("--resume", "continue from the checkpoint in the model folder, if there is one").conflicts(
        "restart",
      ),
    )
    .option(
      "--restart",
      "train from the beginning; the contents of the model folder are kept in its subfolder earlier-N",
    )
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign train --config configs/quickstart.yaml --resume\n\nCtrl-C writes a checkpoint first; --resume continues from it.",
    )
    .action((flags: TrainFlags) => train(context, flags));
}

async function train(context: CliContext, flags: TrainFlags): Promise<void> {
  const { parseDetectorConfig } = await import("@callsign/train/internal");
  const { readConfig } = await import("../config/read-config.ts");
  const value = await readConfig(flags.config, { env: context.env });
  const config = parseDetectorConfig(value, { name: flags.config });
  const dataDir = flags.data ?? join("build", config.name);
  const outDir = flags.out ?? join("models", config.name);
  if (!flags.resume && !flags.restart) await refuseToReplace(outDir, { config, dataDir });
  const trained = await runTraining(context, {
    config,
    dataDir,
    outDir,
    backend: flags.backend,
    resume: flags.resume ?? false,
  });
  if (flags.json) printJson(context, trainingSummary(trained));
  else context.stdout(formatTrained(trained));
}

/** @throws CallsignError `INVALID_ARGUMENT` if the folder already has a training or a model */
async function refuseToReplace(
  outDir: string,
  { config, dataDir }: { readonly config: DetectorConfig; readonly dataDir: string },
): Promise<void> {
  const { findEarlierTraining, nextEarlierFolder } = await import("@callsign/train/internal");
  const earlier = await findEarlierTraining(outDir, { config, dataDir });
  if (earlier === undefined) return;
  const { epochs, changed } = earlier;
  const found =
    epochs === undefined
      ? "there is already a model"
      : `there is already a training (epoch ${epochs} of ${config.train.epochs})`;
  const resume =
    changed.length === 0 ? "--resume continues it, " : `it cannot be continued (${changed.join("; ")}); `;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `${outDir}: ${found}; ${resume}--restart trains from the beginning and keeps it in ${await nextEarlierFolder(outDir)}`,
  );
}

export interface RunTrainingOptions {
  readonly config: DetectorConfig;
  readonly dataDir: string;
  readonly outDir: string;
  /** Default: the config's. */
  readonly backend?: string | undefined;
  /** Estimate of the time left in this stage and later ones. */
  readonly remaining?: RemainingTime | undefined;
  readonly resume: boolean;
}

/** Trains a detector; prints progress and a line per epoch on stderr. */
export async function runTraining(
  context: CliContext,
  { config, dataDir, outDir, resume, remaining, ...options }: RunTrainingOptions,
): Promise<TrainedDetector> {
  const { resolveTraining, trainDetector } = await import("@callsign/train/internal");
  const backend = await openBackend(context, options.backend ?? config.train.backend);
  const { signal } = context;
  const { goal } = resolveTraining(config);
  try {
    return await follow(trainDetector({ config, dataDir, outDir, backend, resume, signal }), {
      context,
      remaining,
      show: (event) => {
        if (event.kind === "progress") return { progress: event.progress };
        return {
          line:
            event.kind === "note"
              ? `note: ${event.note}`
              : formatEpoch(event.record, { epochs: config.train.epochs, goal }),
        };
      },
    });
  } finally {
    backend.release();
  }
}

/** Summary of a training for `--json`. */
export const trainingSummary = ({ model, finished, history, reportFile }: TrainedDetector) => ({
  modelFile: model.modelFile,
  cardFile: model.cardFile,
  reportFile,
  sha256: model.card.classifier.sha256,
  parameterCount: model.parameterCount,
  epochs: history.length,
  averagedEpochs: finished.epochs,
  seconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
  labels: finished.labels.map(({ curve: _curve, ...label }) => label),
});
