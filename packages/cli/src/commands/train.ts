import { join } from "node:path";

import type { TrainedDetector } from "@callsign/train";
import type { Command } from "commander";

import { BACKEND_CHOICES } from "../backend-choices.ts";
import { type CliContext, printJson } from "../context.ts";

interface TrainFlags {
  readonly config: string;
  readonly data?: string;
  readonly out?: string;
  readonly backend?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** `callsign train`: from feature shards to a model folder. */
export function registerTrain(program: Command, context: CliContext): void {
  program
    .command("train")
    .description("Train a detector on the shards of a data build and export it.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--data <dir>", "folder of the data build; else build/NAME")
    .option("--out <dir>", "folder of the model; else models/NAME")
    .option("--backend <name>", `${BACKEND_CHOICES}; else the config's`)
    .option("--resume", "go on from the checkpoint in the model's folder, if there is one")
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign train --config configs/quickstart.yaml --resume\n\nCtrl-C writes a checkpoint first.",
    )
    .action((flags: TrainFlags) => train(context, flags));
}

async function train(context: CliContext, flags: TrainFlags): Promise<void> {
  const { parseDetectorConfig } = await import("@callsign/train");
  const { readConfig } = await import("../read-config.ts");
  const { formatTrained, runTraining } = await import("../run-training.ts");
  const value = await readConfig(flags.config, { env: context.env });
  const config = parseDetectorConfig(value, { name: flags.config });
  const trained = await runTraining(context, {
    config,
    dataDir: flags.data ?? join("build", config.name),
    outDir: flags.out ?? join("models", config.name),
    backend: flags.backend,
    resume: flags.resume ?? false,
  });
  if (flags.json) printJson(context, trainingSummary(trained));
  else context.stdout(formatTrained(trained));
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
