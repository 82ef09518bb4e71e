import { join, dirname, resolve } from "node:path";

import type { BuildContext, BuildIndex, BuildPlan, BuildReport, BuildStage } from "@callsign/data/internal";
import { CallsignError, closestName } from "@callsign/audio/internal";
import type { Progress } from "@callsign/infer/internal";
import type { Command } from "commander";

import { type CliContext, commandPrefix, printJson } from "../context.ts";
import { parseCount, parseWorkers } from "../flags/numbers.ts";
import { queueOption, storeOption } from "../flags/queue.ts";
import { asProgress, follow } from "../output/follow.ts";
import type { RemainingTime } from "../output/remaining-time.ts";

/** Registers `callsign data`: feature shards from phrases and recordings. */
export function registerData(program: Command, context: CliContext): void {
  const data = program
    .command("data")
    .description("Build, inspect and download training data.")
    .addHelpText("after", "\nExample:\n  callsign data build --config configs/data-example.yaml");
  const json = "print one JSON document and nothing else on stdout";
  data
    .command("build")
    .description("Build training data from phrases and recordings; run it again to continue a stopped build.")
    .requiredOption("--config <file>", "YAML config of the detector")
    .option("--out <dir>", "folder for the build (default: build/NAME)")
    .option("--stage <name>", "stop after this stage: texts, synthesize, collect, features")
    .option(
      "--verify",
      "read all files of an earlier run to check them (default: only those whose size or date changed)",
    )
    .option("--dry-run", "print what would be built and its size, without building it")
    .option(
      "--workers <n>",
      "worker threads (default: the config's, else one per core); the number does not change the result",
      parseWorkers,
    )
    .addOption(queueOption().conflicts("workers"))
    .addOption(storeOption())
    .option("--json", json)
    .addHelpText(
      "after",
      "\nExample:\n  callsign data build --config configs/data-example.yaml --out build/example --workers 2\n" +
        "  callsign data build --config big.yaml --queue redis://queue.lan --store /mnt/callsign   # on `callsign worker`s",
    )
    .action((flags: BuildFlags) => build(context, flags));
  data
    .command("inspect")
    .description(
      "Summarize and check a build: clips, hours, voices, licences, rejected clips, damaged files.",
    )
    .argument("<dir>", "folder of the build")
    .option("--html <file>", "write a page with spectrograms and players of some random clips")
    .option("--sample <n>", "number of clips on the page", parseCount, 24)
    .option("--seed <seed>", "random seed of the choice of clips", "0")
    .option("--json", json)
    .addHelpText("after", "\nExample:\n  callsign data inspect build/example --html build/example.html")
    .action((dir: string, flags: InspectFlags) => inspect(context, { dir, flags }));
  data
    .command("pull")
    .description("Download everything a config needs, so that it can be built without a network.")
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
  readonly verify?: boolean;
  readonly workers?: number;
  readonly queue?: string;
  readonly store?: string;
}

interface InspectFlags {
  readonly html?: string;
  readonly sample: number;
  readonly seed: string;
  readonly json?: boolean;
}

async function build(context: CliContext, flags: BuildFlags): Promise<void> {
  const { buildData } = await import("@callsign/data/internal");
  const building = await openContext(context, flags);
  const until = await stageOf(flags.stage);
  if (flags.dryRun) return printPlan(context, { building, flags });
  await announceChanges(context, building);
  const options: { readonly until?: BuildStage } = until === undefined ? {} : { until };
  const index =
    flags.queue === undefined
      ? await drain(context, (onNote) => buildData({ ...building, onNote }, options))
      : await (await import("./build-on-queue.ts")).buildOnQueue(context, { ...flags, building, options });
  if (flags.json)
    printJson(
      context,
      index === undefined ? { out: building.out, stage: until } : summaryOf(index, building),
    );
  else if (index === undefined) context.stdout(`${building.out}: done up to stage ${until}\n`);
  else {
    const { formatBuild } = await import("../output/format-data.ts");
    context.stdout(formatBuild(index, { out: building.out, command: commandPrefix(context.env) }));
  }
}

/** Index without the list of shards, which may be long and is in index.json. */
function summaryOf(index: BuildIndex, { out }: BuildContext) {
  const { shards, ...rest } = index;
  return { out, ...rest, shards: shards.length };
}

async function printPlan(
  context: CliContext,
  { building, flags }: { building: BuildContext; flags: BuildFlags },
): Promise<void> {
  const { findBuildProblems, planBuild, planTexts, throwProblems } = await import("@callsign/data/internal");
  throwProblems(await findBuildProblems(building));
  const found: BuildPlan = await planBuild(building, await planTexts(building));
  if (flags.json) printJson(context, found);
  else context.stdout((await import("../output/format-data.ts")).formatPlan(found));
}

async function pull(context: CliContext, flags: PullFlags): Promise<void> {
  const { pullSources } = await import("@callsign/data/internal");
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
  const { inspectBuild } = await import("@callsign/data/internal");
  const report: BuildReport = await inspectBuild(dir, { signal: context.signal });
  if (flags.html !== undefined) await writePage(context, { dir, flags, report, path: flags.html });
  const { index, ...counted } = report;
  if (flags.json) printJson(context, { ...counted, ...summaryOf(index, { out: dir } as BuildContext) });
  else context.stdout((await import("../output/format-data.ts")).formatReport(report, dir));
  if (report.damaged.length > 0)
    throw new CallsignError(
      "CHECKSUM_MISMATCH",
      `${dir}: ${report.damaged.length} files were changed since the build: ${report.damaged.slice(0, 3).join("; ")}; ` +
        "run data build again to rebuild them",
    );
}

async function writePage(
  context: CliContext,
  options: { dir: string; flags: InspectFlags; report: BuildReport; path: string },
): Promise<void> {
  const { dir, flags, report, path } = options;
  const { sampleClips } = await import("@callsign/data/internal");
  const { readSample, renderDataPage } = await import("@callsign/eval/internal");
  const { writeFileAtomic } = await import("@callsign/infer/node/internal");
  const clips = await sampleClips(dir, { count: flags.sample, seed: flags.seed });
  const samples = await Promise.all(clips.map((clip) => readSample(clip, { folder: dir })));
  await writeFileAtomic(path, renderDataPage({ report, samples, createdAt: new Date() }), {
    signal: context.signal,
  });
  context.stderr(`page: ${path}\n`);
}

/** Runs a stage with a progress line and returns its result; its notes are printed after the progress line. */
export async function drain<Result>(
  context: CliContext,
  start: (onNote: (note: string) => void) => AsyncGenerator<Progress, Result>,
  { remaining }: { readonly remaining?: RemainingTime | undefined } = {},
): Promise<Result> {
  const notes = new Set<string>();
  try {
    return await follow(
      start((note) => notes.add(note)),
      { context, show: asProgress, remaining },
    );
  } finally {
    for (const note of notes) context.stderr(`note: ${note}\n`);
  }
}

export async function openContext(
  context: CliContext,
  flags: PullFlags & Partial<BuildFlags>,
): Promise<BuildContext> {
  const { parseDataConfig } = await import("@callsign/data/internal");
  const { readConfig } = await import("../config/read-config.ts");
  const config = parseDataConfig(await readConfig(flags.config, { env: context.env }), {
    name: flags.config,
  });
  const building = await contextOf(context, { ...flags, config, file: flags.config });
  return { ...building, isVerified: flags.verify };
}

/** Build context of a parsed config. @param options.file path of the config; relative paths in it start from its folder */
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
  const { cacheDirectory, createFetch, toolIdentity } = await import("@callsign/infer/node/internal");
  const cacheDir = cacheDirectory({ env });
  return {
    config,
    baseDir: dirname(resolve(file)),
    out,
    workers: workers ?? (config.data.workers || availableParallelism()),
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
 * Reports on stderr which fields of the config changed since the folder was built.
 * @throws CallsignError `INVALID_ARGUMENT` if the folder holds the data of another detector
 */
export async function announceChanges(
  context: CliContext,
  { out, config }: Pick<BuildContext, "out" | "config">,
): Promise<void> {
  const { readRecordedConfig, recordedConfig } = await import("@callsign/data/internal");
  const before = await readRecordedConfig(out);
  if (before === undefined) return;
  if (before["name"] !== config.name)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${out}: holds the data of detector ${JSON.stringify(before["name"])}, but the config is for ${JSON.stringify(config.name)}; ` +
        "nothing was changed. Give another folder with --out, or change the name back",
    );
  const { changedFields } = await import("@callsign/train/internal");
  const changed = changedFields(before, JSON.parse(JSON.stringify(recordedConfig(config))));
  if (changed.length > 0)
    context.stderr(
      `note: the config changed since ${out} was built: ${changed.join("; ")}. What depends on that is rebuilt\n`,
    );
}

async function stageOf(name: string | undefined): Promise<BuildStage | undefined> {
  if (name === undefined) return undefined;
  const { BUILD_STAGES } = await import("@callsign/data/internal");
  const stage = BUILD_STAGES.find((known) => known === name);
  if (stage !== undefined) return stage;
  const closest = closestName(name, BUILD_STAGES);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `--stage: expected one of ${BUILD_STAGES.join(", ")}, got "${name}"${closest === undefined ? "" : `; did you mean ${closest}?`}`,
  );
}
