import { join, dirname, resolve } from "node:path";

import type { BuildContext, BuildIndex, BuildPlan, BuildReport, BuildStage } from "@callsign/data";
import { CallsignError, closestName, type Progress } from "@callsign/infer";
import type { Command } from "commander";

import { type CliContext, printJson } from "../context.ts";
import { parseNumber } from "../parse-number.ts";
import { asProgress, follow } from "../follow.ts";

/** `callsign data`: from typed words and recordings to feature shards. */
export function registerData(program: Command, context: CliContext): void {
  const data = program
    .command("data")
    .description("Make training data from phrases and recordings: build, inspect, download what is needed.")
    .addHelpText("after", "\nExample:\n  callsign data build --config configs/data-example.yaml");
  const json = "print one JSON document and nothing else on stdout";
  data
    .command("build")
    .description("Build feature shards; run it again to continue a stopped build.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--out <dir>", "folder for the build (default: build/NAME)")
    .option("--stage <name>", "stop after this stage: texts, synthesize, collect, features")
    .option("--dry-run", "print what would be made and its size, and make nothing")
    .option(
      "--workers <n>",
      "worker threads (default: the config's, else one per core); the result is the same for any number",
      parseNumber,
    )
    .option("--json", json)
    .addHelpText(
      "after",
      "\nExample:\n  callsign data build --config configs/data-example.yaml --out build/example --workers 2",
    )
    .action((flags: BuildFlags) => build(context, flags));
  data
    .command("inspect")
    .description("Count and check a build: clips, hours, voices, licences, rejected clips, damaged files.")
    .argument("<dir>", "folder of the build")
    .option("--html <file>", "write a page with spectrograms and players of a random sample")
    .option("--sample <n>", "number of clips on the page", parseNumber, 24)
    .option("--seed <seed>", "random seed for the choice of clips", "0")
    .option("--json", json)
    .addHelpText("after", "\nExample:\n  callsign data inspect build/example --html build/example.html")
    .action((dir: string, flags: InspectFlags) => inspect(context, { dir, flags }));
  data
    .command("pull")
    .description("Download what a config needs, so that building it needs no network.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--json", json)
    .addHelpText("after", "\nExample:\n  callsign data pull --config configs/data-example.yaml")
    .action((flags: PullFlags) => pull(context, flags));
}

interface PullFlags {
  readonly config: string;
  readonly json?: boolean;
}

interface BuildFlags extends PullFlags {
  readonly out?: string;
  readonly stage?: string;
  readonly dryRun?: boolean;
  readonly workers?: number;
}

interface InspectFlags {
  readonly html?: string;
  readonly sample: number;
  readonly seed: string;
  readonly json?: boolean;
}

async function build(context: CliContext, flags: BuildFlags): Promise<void> {
  const { buildData } = await import("@callsign/data");
  const building = await openContext(context, flags);
  const until = await stageOf(flags.stage);
  if (flags.dryRun) return plan(context, { building, flags });
  await announceChanges(context, building);
  const index = await drain(context, (onNote) =>
    buildData({ ...building, onNote }, until === undefined ? {} : { until }),
  );
  if (flags.json)
    printJson(
      context,
      index === undefined ? { out: building.out, stage: until } : summaryOf(index, building),
    );
  else if (index === undefined) context.stdout(`${building.out}: done up to stage ${until}\n`);
  else context.stdout((await import("../format-data.ts")).formatBuild(index, building.out));
}

/** Without the shard list, which may be thousands long and is in index.json. */
function summaryOf(index: BuildIndex, { out }: BuildContext) {
  const { shards, ...rest } = index;
  return { out, ...rest, shards: shards.length };
}

async function plan(
  context: CliContext,
  { building, flags }: { building: BuildContext; flags: BuildFlags },
): Promise<void> {
  const { findBuildProblems, planBuild, planTexts, throwProblems } = await import("@callsign/data");
  throwProblems(await findBuildProblems(building));
  const found: BuildPlan = await planBuild(building, await planTexts(building));
  if (flags.json) printJson(context, found);
  else context.stdout((await import("../format-data.ts")).formatPlan(found));
}

async function pull(context: CliContext, flags: PullFlags): Promise<void> {
  const { pullSources } = await import("@callsign/data");
  const building = await openContext(context, flags);
  const pulled = await drain(context, (onNote) => pullSources({ ...building, onNote }));
  if (flags.json) return printJson(context, pulled);
  for (const { kind, name, clips } of pulled)
    context.stdout(`${kind}: ${name}${clips === undefined ? "" : ` (${clips} clips)`}\n`);
}

async function inspect(
  context: CliContext,
  { dir, flags }: { dir: string; flags: InspectFlags },
): Promise<void> {
  const { inspectBuild } = await import("@callsign/data");
  const report: BuildReport = await inspectBuild(dir, { signal: context.signal });
  if (flags.html !== undefined) await writePage(context, { dir, flags, report, path: flags.html });
  const { index, ...counted } = report;
  if (flags.json) printJson(context, { ...counted, ...summaryOf(index, { out: dir } as BuildContext) });
  else context.stdout((await import("../format-data.ts")).formatReport(report, dir));
  if (report.damaged.length > 0)
    throw new CallsignError(
      "CHECKSUM_MISMATCH",
      `${dir}: ${report.damaged.length} files are not as they were written: ${report.damaged.slice(0, 3).join("; ")}; ` +
        "run data build again: it makes them anew",
    );
}

async function writePage(
  context: CliContext,
  options: { dir: string; flags: InspectFlags; report: BuildReport; path: string },
): Promise<void> {
  const { dir, flags, report, path } = options;
  const { sampleClips } = await import("@callsign/data");
  const { readSample, renderDataPage } = await import("@callsign/eval");
  const { writeFileAtomic } = await import("@callsign/infer/node");
  const clips = await sampleClips(dir, { count: flags.sample, seed: flags.seed });
  const samples = await Promise.all(clips.map((clip) => readSample(clip, { folder: dir })));
  await writeFileAtomic(path, renderDataPage({ report, samples, createdAt: new Date() }), {
    signal: context.signal,
  });
  context.stderr(`page: ${path}\n`);
}

/** Runs a stage generator to its end, showing its progress; what it remarks is said once it is out of the way. */
export async function drain<Result>(
  context: CliContext,
  start: (onNote: (note: string) => void) => AsyncGenerator<Progress, Result>,
): Promise<Result> {
  const notes = new Set<string>();
  try {
    return await follow(
      start((note) => notes.add(note)),
      { context, show: asProgress },
    );
  } finally {
    for (const note of notes) context.stderr(`note: ${note}\n`);
  }
}

export async function openContext(
  context: CliContext,
  flags: PullFlags & Partial<BuildFlags>,
): Promise<BuildContext> {
  const { parseDataConfig } = await import("@callsign/data");
  const { readConfig } = await import("../read-config.ts");
  const config = parseDataConfig(await readConfig(flags.config, { env: context.env }), {
    name: flags.config,
  });
  return contextOf(context, { ...flags, config, file: flags.config });
}

/** The same for a config at hand, which lies or will lie in `file`. */
export async function contextOf(
  { env, signal }: CliContext,
  {
    config,
    file,
    out = join("build", config.name),
    workers,
  }: {
    readonly config: BuildContext["config"];
    readonly file: string;
    readonly out?: string;
    readonly workers?: number;
  },
): Promise<BuildContext> {
  const { availableParallelism } = await import("node:os");
  const { cacheDirectory, createFetch, toolIdentity } = await import("@callsign/infer/node");
  const cacheDir = cacheDirectory({ env });
  return {
    config,
    baseDir: dirname(resolve(file)),
    out,
    workers: checkWorkers(workers) ?? (config.data.workers || availableParallelism()),
    identity: toolIdentity(),
    cacheDir,
    env,
    signal,
    hub: {
      endpoint: env.HF_ENDPOINT || "https://huggingface.co",
      token: env.HF_TOKEN,
      fetch: createFetch(env),
      cacheDir: join(cacheDir, "corpora"),
    },
  };
}

/**
 * Tells which fields of the config differ from those of the build that is already in the folder.
 * @throws CallsignError `INVALID_ARGUMENT` where that is the build of another detector
 */
export async function announceChanges(
  context: CliContext,
  { out, config }: Pick<BuildContext, "out" | "config">,
): Promise<void> {
  const { readRecordedConfig, recordedConfig } = await import("@callsign/data");
  const before = await readRecordedConfig(out);
  if (before === undefined) return;
  if (before["name"] !== config.name)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${out}: holds the data of detector ${JSON.stringify(before["name"])}, the config is of ${JSON.stringify(config.name)}; ` +
        "nothing was changed. Give another folder with --out, or put the name back",
    );
  const { changedFields } = await import("@callsign/train");
  const changed = changedFields(before, JSON.parse(JSON.stringify(recordedConfig(config))));
  if (changed.length > 0)
    context.stderr(
      `note: the config changed since ${out} was built: ${changed.join("; ")}. What depends on it is made again\n`,
    );
}

function checkWorkers(workers: number | undefined): number | undefined {
  if (workers === undefined || (Number.isInteger(workers) && workers >= 1 && workers <= 256)) return workers;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--workers: expected a whole number from 1 to 256, got ${workers}`,
  );
}

async function stageOf(name: string | undefined): Promise<BuildStage | undefined> {
  if (name === undefined) return undefined;
  const { BUILD_STAGES } = await import("@callsign/data");
  const stage = BUILD_STAGES.find((known) => known === name);
  if (stage !== undefined) return stage;
  const closest = closestName(name, BUILD_STAGES);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--stage: expected one of ${BUILD_STAGES.join(", ")}, got "${name}"${closest === undefined ? "" : `; did you mean ${closest}?`}`,
  );
}
