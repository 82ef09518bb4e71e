import { readFile, rm } from "node:fs/promises";
import { type AudioCopy, CallsignError } from "@callsign/infer";
import type { BenchResult } from "@callsign/eval";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { addHeadOptions, type HeadFlags, headOf } from "../head-options.ts";
import { COPIES_HELP, parseCopies } from "../parse-copies.ts";
import { parseNumber } from "../parse-number.ts";
import { ProgressLine } from "../progress.ts";
import { makeUntrainedModel } from "../untrained-model.ts";

interface BenchFlags extends HeadFlags {
  readonly model?: string;
  readonly embedding?: string;
  readonly tta?: readonly AudioCopy[];
  readonly rounds: number;
  readonly check?: string;
  readonly writeBaseline?: string;
  readonly json?: boolean;
}

/** `callsign bench`: what a model costs, against the same model computed as other tools do. */
export function registerBench(program: Command, context: CliContext): void {
  const benchCommand = program
    .command("bench")
    .description("Measure what a model costs on this machine, compared with other implementations.")
    .option(
      "--model <dir>",
      "model folder, or an .onnx head without a card; (default: an untrained conv-attention on Callsign's own embedding)",
    )
    .option(
      "--embedding <file>",
      "speech embedding ONNX file (default: found as `callsign models list` shows); without --model the embedding of the untrained model, a file or an id",
    )
    .option("--tta <copies>", COPIES_HELP, parseCopies)
    .option("--rounds <count>", "rounds; in each, every implementation is timed once", parseNumber, 30)
    .option(
      "--check <file>",
      "fail when a ratio is more than 15 % worse than this baseline's for the processor at hand (40 % where it has none)",
    )
    .option(
      "--write-baseline <file>",
      "write the ratios as a baseline for --check; other processors' in the file are kept",
    )
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", "\nExample:\n  callsign bench --model models/galactic --json")
    .action((flags: BenchFlags) => bench(context, flags));
  addHeadOptions(benchCommand);
}

/** A busy machine may spoil a run: a check fails only when so many do. */
const TRIES = 3;

async function bench(context: CliContext, flags: BenchFlags): Promise<void> {
  const { findRegressions, knowsProcessor, parseBaseline, toBaseline } = await import("@callsign/eval");
  const { writeFileAtomic } = await import("@callsign/infer/node");
  if (!(Number.isInteger(flags.rounds) && flags.rounds >= 1 && flags.rounds <= 10_000))
    throw new CallsignError("INVALID_ARGUMENT", `--rounds: expected 1 to 10000, got ${flags.rounds}`);
  const baseline =
    flags.check === undefined
      ? undefined
      : parseBaseline(await readBaseline(flags.check), { name: flags.check });
  let result = await measure(context, flags);
  let worse = baseline ? findRegressions(result, baseline) : [];
  for (let run = 1; worse.length > 0 && run < TRIES; run++) {
    context.stderr(`${worse.join("\n")}\nmeasuring again (${run + 1} of ${TRIES})\n`);
    result = await measure(context, flags);
    worse = findRegressions(result, baseline!);
  }
  if (baseline && !knowsProcessor(baseline, result.machine.cpu))
    context.stderr(
      `${flags.check}: nothing measured on ${result.machine.cpu}, so ratios may be 40 % worse than the lowest it has; ` +
        `add this processor with --write-baseline\n`,
    );
  if (flags.json) printJson(context, result);
  else context.stdout(table(result));
  if (flags.writeBaseline !== undefined) {
    const found = await readBaseline(flags.writeBaseline).catch(() => undefined);
    const earlier = found === undefined ? undefined : parseBaseline(found, { name: flags.writeBaseline });
    const text = `${JSON.stringify(toBaseline(result, earlier), undefined, 2)}\n`;
    await writeFileAtomic(flags.writeBaseline, text);
  }
  if (worse.length > 0)
    throw new CallsignError(
      "BENCH_REGRESSED",
      `bench: ${worse.join("; ")} (baseline ${flags.check}); if that is meant, write it anew with --write-baseline`,
    );
}

const readBaseline = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((cause: unknown) => {
    throw new CallsignError(
      "FILE_NOT_FOUND",
      `${file}: cannot read the baseline: ${String(cause)}; make one with --write-baseline`,
      { cause },
    );
  });

async function measure(context: CliContext, flags: BenchFlags): Promise<BenchResult> {
  const { benchDetector } = await import("@callsign/eval");
  const { createNodeSession, readModel } = await import("@callsign/infer/node");
  const untrained = flags.model === undefined ? await openUntrained(context, flags) : undefined;
  const progress = new ProgressLine(context);
  try {
    const embeddingPath = untrained?.embeddingPath ?? flags.embedding;
    const path = flags.model ?? untrained!.folder;
    const model = await readModel(path, {
      head: headOf(flags, { model: path, models: [path] }),
      onNote: (note) => context.stderr(`${note}\n`),
      ...(embeddingPath !== undefined && { embeddingPath }),
      ...(flags.tta && { testTimeAugmentation: flags.tta }),
      assets: { env: context.env, signal: context.signal },
    });
    return await benchDetector(model, {
      createSession: createNodeSession(),
      rounds: flags.rounds,
      signal: context.signal,
      onProgress: (event) => progress.update(event),
    });
  } finally {
    progress.finish();
    if (untrained !== undefined) await rm(untrained.folder, { recursive: true, force: true });
  }
}

async function openUntrained(
  { env, signal }: CliContext,
  { embedding }: BenchFlags,
): Promise<{ readonly folder: string; readonly embeddingPath?: string }> {
  if (embedding === undefined) return { folder: await makeUntrainedModel() };
  const { chooseEmbedding } = await import("@callsign/infer/node");
  const { path } = await chooseEmbedding(embedding, { env, signal });
  return { folder: await makeUntrainedModel(path), embeddingPath: path };
}

function table(result: BenchResult): string {
  const { stepMs, ratios, machine, copies } = result;
  const rows: [string, string][] = [
    ["a step of 80 ms", `${stepMs.p50.toFixed(3)} ms (median), ${stepMs.p99.toFixed(3)} ms (99 of 100)`],
    ["streams a core", String(result.streamsPerCore)],
    ["the openWakeWord way", `${ratios.openWakeWordWay.toFixed(2)} times ours`],
    ["the livekit way", `${ratios.livekitWay.toFixed(2)} times ours`],
    ["the published way", `${ratios.publishedWay.toFixed(2)} times ours`],
    ["heap left a step", `${result.allocationBytes} bytes`],
    ["start-up", `${result.startUpMs.toFixed(0)} ms, first step ${result.firstStepMs.toFixed(1)} ms`],
    ["memory", `${result.residentMiB.toFixed(0)} MiB, all ways open`],
  ];
  if (copies !== undefined)
    rows.splice(1, 0, [`${copies.count} copies`, `${copies.ratio.toFixed(2)} times the audio as it is`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const head = `${result.model}, on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; processor time\n`;
  return head + rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join("");
}
