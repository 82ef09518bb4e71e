import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { ChallengeResult } from "@callsign/eval/internal";
import type { DetectorConfig, StageSeconds } from "@callsign/train/internal";
import { CallsignError } from "@callsign/audio/internal";
import type { Command } from "commander";

import { type CliContext, printJson } from "../context.ts";
import { backendOption, openBackend } from "../flags/backend.ts";
import { formatTrained } from "../output/format-training.ts";
import { formatDuration } from "../output/progress.ts";
import { percent } from "../output/percent.ts";
import { RemainingTime } from "../output/remaining-time.ts";
import { announceChanges, drain, openContext } from "./data.ts";
import { runTraining, trainingSummary } from "./train.ts";

/** Flags of `callsign run`, as `runDetector` takes them. */
export interface RunFlags {
  readonly config: string;
  readonly out?: string;
  readonly backend?: string;
  readonly workers?: number;
  readonly restart?: boolean;
  readonly json?: boolean;
  /** True if the caller has already looked for problems of the build. */
  readonly isBuildChecked?: boolean;
  /** Estimated duration of the stages, for the time left; corrected while they run. */
  readonly estimate?: StageSeconds;
}

/** Registers `callsign run`: data, training, export and evaluation. */
export function registerRun(program: Command, context: CliContext): void {
  program
    .command("run")
    .description("Build the data, train, export and evaluate a detector; finished steps are not repeated.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--out <dir>", "folder for data, model and evaluation (default: runs/NAME)")
    .addOption(backendOption("the config's"))
    .option(
      "--restart",
      "train from the beginning on the data already built; the earlier training is kept in model/earlier-N",
    )
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nRun it again to continue after an interruption or to apply a changed config. What depends on the change is rebuilt;\n" +
        "a training that no longer fits is kept in model/earlier-N.\n\n" +
        "Example:\n  callsign run --config configs/quickstart.yaml --out runs/quickstart",
    )
    .action((flags: RunFlags) => runDetector(context, flags));
}

/** Runs a config from data to evaluation and prints the result. */
export async function runDetector(context: CliContext, flags: RunFlags): Promise<void> {
  const { buildData, findBuildProblems, throwProblems } = await import("@callsign/data/internal");
  const { parseDetectorConfig } = await import("@callsign/train/internal");
  const { readConfig } = await import("../config/read-config.ts");
  const { formatLeftOut } = await import("../output/format-data.ts");
  const value = await readConfig(flags.config, { env: context.env });
  const config = parseDetectorConfig(value, { name: flags.config });
  const outDir = flags.out ?? join("runs", config.name);
  const seconds: Record<string, number> = {};
  const timed = async <Result>(stage: string, work: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    const result = await work();
    seconds[stage] = (performance.now() - started) / 1000;
    return result;
  };
  const remaining = flags.estimate && new RemainingTime(flags.estimate);
  const dataDir = join(outDir, "data");
  const modelDir = join(outDir, "model");
  const building = await openContext(context, { config: flags.config, out: dataDir });
  throwProblems([
    ...(flags.isBuildChecked ? [] : await findBuildProblems(building)),
    ...(await findLaterProblems(context, { config, flags })),
  ]);
  await announceChanges(context, building);
  const index = await timed("data", () =>
    drain(context, (onNote) => buildData({ ...building, onNote }, { isChecked: true }), { remaining }),
  );
  if (index !== undefined) context.stderr(`${formatLeftOut(index).join("\n")}\n`);
  const trained = await timed("train", async () =>
    runTraining(context, {
      config,
      dataDir,
      outDir: modelDir,
      backend: flags.backend,
      remaining,
      resume: !flags.restart && (await isContinuable(context, { config, dataDir, modelDir })),
    }),
  );
  const evaluation = await timed("evaluate", () => evaluate(context, { config, outDir, flags }));
  if (flags.json) return printJson(context, { seconds, training: trainingSummary(trained), evaluation });
  context.stdout(formatTrained(trained));
  if (evaluation) context.stdout(formatEvaluation(evaluation));
  const stages = Object.entries(seconds).map(([stage, value]) => `${stage} ${formatDuration(value)}`);
  context.stdout(`time: ${stages.join(", ")}\n`);
}

/** Problems of the stages after the build, found before it starts. */
async function findLaterProblems(
  context: CliContext,
  { config, flags }: { config: DetectorConfig; flags: RunFlags },
): Promise<CallsignError[]> {
  const problems: CallsignError[] = [];
  const baseDir = dirname(resolve(flags.config));
  const { clip, truth, prime } = config.evaluation ?? {};
  for (const [field, path] of Object.entries({ clip, truth, prime })) {
    if (path === undefined || existsSync(resolve(baseDir, path))) continue;
    problems.push(
      new CallsignError(
        "FILE_NOT_FOUND",
        `${resolve(baseDir, path)}: no such file, named by evaluation.${field}`,
      ),
    );
  }
  try {
    const backend = await openBackend(context, flags.backend ?? config.train.backend);
    backend.release();
  } catch (error) {
    if (!(error instanceof CallsignError)) throw error;
    problems.push(error);
  }
  return problems;
}

/** Whether the training in the model folder fits config and data; if not, reports why on stderr. */
async function isContinuable(
  context: CliContext,
  { config, dataDir, modelDir }: { config: DetectorConfig; dataDir: string; modelDir: string },
): Promise<boolean> {
  const { findEarlierTraining } = await import("@callsign/train/internal");
  const earlier = await findEarlierTraining(modelDir, { config, dataDir });
  if (earlier === undefined || earlier.changed.length === 0) return true;
  context.stderr(
    `note: ${modelDir}: the earlier training cannot be continued: ${earlier.changed.join("; ")}\n`,
  );
  return false;
}

interface Evaluation {
  readonly whole: ChallengeResult;
  /** Result from `fromSample` on. */
  readonly part: ChallengeResult | undefined;
  readonly fromSample: number | undefined;
  readonly reportFile: string;
}

/** Evaluates the model on the config's clip at the card's threshold. */
async function evaluate(
  context: CliContext,
  { config, outDir, flags }: { config: DetectorConfig; outDir: string; flags: RunFlags },
): Promise<Evaluation | undefined> {
  if (config.evaluation === undefined) return undefined;
  const { asPublishedPriming, createDetectorLabeller, evaluateChallenge, judgeRun, readChallengeTruth } =
    await import("@callsign/eval/internal");
  const { writeClipReport } = await import("./eval/write-clip-report.ts");
  const { readAudioFile } = await import("@callsign/audio/node/internal");
  const { openDetector } = await import("../flags/detector.ts");
  const { signal } = context;
  const baseDir = dirname(resolve(flags.config));
  const { fromSample, prime } = config.evaluation;
  const clip = resolve(baseDir, config.evaluation.clip);
  const truthName = resolve(baseDir, config.evaluation.truth);
  const truth = await readChallengeTruth(truthName);
  const { samples } = await readAudioFile(clip, { signal });
  const detector = await openDetector(context, [join(outDir, "model")], {});
  try {
    if (prime !== undefined) {
      const before = await readAudioFile(resolve(baseDir, prime), { signal });
      await detector.prime(asPublishedPriming(before.samples));
    }
    const labeller = createDetectorLabeller(detector);
    const mode = "offline";
    const { result, run: labelled } = await evaluateChallenge({
      samples,
      truth,
      truthName,
      labeller,
      mode,
      signal,
    });
    const reportFile = await writeClipReport(
      { mode, result, run: labelled, samples, truth, threshold: labeller.threshold, model: detector.card },
      { folder: join(outDir, "evaluation"), clip, command: `callsign run --config ${flags.config}`, signal },
    );
    const part = fromSample === undefined ? undefined : judgeRun(labelled, truth, { fromSample });
    return { whole: result, part, fromSample, reportFile };
  } finally {
    await detector.dispose();
  }
}

function formatEvaluation({ whole, part, fromSample, reportFile }: Evaluation): string {
  const line = (name: string, { score, commandRecall, commandPrecision }: ChallengeResult): string =>
    `${name}: challenge score ${score.toFixed(4)}, recall ${percentOrNone(commandRecall)}, precision ${percentOrNone(commandPrecision)} of muted commands\n`;
  return [
    line("whole clip", whole),
    part === undefined ? "" : line(`from sample ${fromSample}`, part),
    `report: ${reportFile}\n`,
  ].join("");
}

const percentOrNone = (share: number | null): string => (share === null ? "none" : percent(share));
