import { join } from "node:path";

import type { DetectorConfig, TrainedDetector } from "@callsign/train";
import { CallsignError } from "@callsign/infer";
import { type Command, Option } from "commander";

import { BACKEND_CHOICES } from "../backend-choices.ts";
import { type CliContext, printJson } from "../context.ts";

interface TrainFlags {
  readonly config: string;
  readonly data?: string;
  readonly out?: string;
  readonly backend?: string;
  readonly resume?: boolean;
  readonly restart?: boolean;
  readonly json?: boolean;
}

/** `callsign train`: from feature shards to a model folder. */
export function registerTrain(program: Command, context: CliContext): void {
  program
    .command("train")
    .description("Train a detector on the shards of a data build and export it.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--data <dir>", "folder of the data build (default: build/NAME)")
    .option("--out <dir>", "folder for the model (default: models/NAME)")
    .option("--backend <name>", `${BACKEND_CHOICES} (default: the config's)`)
    .addOption(
      new Option("--resume", "continue from the checkpoint in the model's folder, if there is one").conflicts(
        "restart",
      ),
    )
    .option("--restart", "train from the beginning; what is in the model's folder is kept there in earlier-N")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign train --config configs/quickstart.yaml --resume\n\nCtrl-C writes a checkpoint first; --resume continues from it.",
    )
    .action((flags: TrainFlags) => train(context, flags));
}

async function train(context: CliContext, flags: TrainFlags): Promise<void> {
  const { parseDetectorConfig } = await import("@callsign/train");
  const { readConfig } = await import("../read-config.ts");
  const { formatTrained, runTraining } = await import("../run-training.ts");
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

/** @throws CallsignError `INVALID_ARGUMENT` where a training or a model is in the folder already, naming the options */
async function refuseToReplace(
  outDir: string,
  { config, dataDir }: { readonly config: DetectorConfig; readonly dataDir: string },
): Promise<void> {
  const { findEarlierTraining, nextEarlierFolder } = await import("@callsign/train");
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

/** What `--json` prints of a training. */
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
