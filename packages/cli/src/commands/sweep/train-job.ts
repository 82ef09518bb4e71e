import { readdir } from "node:fs/promises";
import { join } from "node:path";

import type { JobFile, JobHandler, JobRequest, OpenHandler } from "@callsign/data/internal";
import type { DetectorConfig } from "@callsign/train/internal";

import type { CliContext } from "../../context.ts";
import { runTraining, trainingSummary } from "../train.ts";

interface TrainInput {
  readonly config: DetectorConfig;
  readonly backend?: string | undefined;
}

/** Job that trains a config on a data build, whose files lie in the job's folder. */
export const trainRequest = ({
  config,
  backend,
  files,
}: TrainInput & { readonly files: readonly JobFile[] }): JobRequest => ({
  task: "train",
  setup: {},
  input: { config, backend } satisfies TrainInput,
  files,
});

/** The worker's side: trains, and gives the files of the model. A training that is stopped begins again elsewhere. */
export const trainJob =
  (context: CliContext): OpenHandler =>
  async (_setup, { folder }): Promise<JobHandler> => ({
    // The durations in its report, and with some backends the weights.
    varies: true,
    async run(given, signal) {
      const { config, backend } = given as TrainInput;
      const outDir = join(folder, "model");
      const quiet = { ...context, signal, stderr: () => undefined };
      const trained = await runTraining(quiet, { config, dataDir: folder, outDir, backend, resume: false });
      const entries = await readdir(outDir, { withFileTypes: true });
      const { modelFile: _model, cardFile: _card, reportFile: _report, ...value } = trainingSummary(trained);
      return { value, files: entries.filter((entry) => entry.isFile()).map(({ name }) => `model/${name}`) };
    },
  });
