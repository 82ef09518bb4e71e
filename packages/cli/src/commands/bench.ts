import { readFile, rm } from "node:fs/promises";
import { CallsignError } from "@callsign/audio/internal";
import type { AudioVariant } from "@callsign/infer/internal";
import type { BenchResult } from "@callsign/eval/internal";
import type { Command } from "commander";
import { type CliContext, printJson } from "../context.ts";
import { EMBEDDING_HELP, MODEL_HELP } from "../flags/detector.ts";
import { addHeadOptions, type HeadFlags, headOf } from "../flags/heads.ts";
import { COPIES_HELP, parseCopies } from "../flags/copies.ts";
import { parseCount, parsePercent } from "../flags/numbers.ts";
import { ProgressLine } from "../output/progress.ts";

interface BenchFlags extends HeadFlags {
  readonly model?: string;
  readonly embedding?: string;
  readonly tta?: readonly AudioVariant[];
  readonly rounds: number;
  readonly check?: string;
  readonly tolerance?: number;
  readonly writeBaseline?: string;
  readonly json?: boolean;
}

/** Registers `callsign bench`: speed and memory of a model, compared with other implementations. */
export function registerBench(program: Command, context: CliContext): void {
  const benchCommand = program
    .command("bench")
    .description("Measure speed and memory of a model on this machine, compared with other implementations.")
    .option("--model <dir>", `${MODEL_HELP} (default: an untrained conv-attention on Callsign's embedding)`)
    .option(
      "--embedding <file>",
      `${EMBEDDING_HELP}; without --model also an id: the embedding of the untrained model`,
    )
    .option("--tta <copies>", COPIES_HELP, parseCopies)
    .option(
      "--rounds <count>",
      "number of rounds; each round times every implementation once",
      parseCount,
      30,
    )
    .option(
      "--check <file>",
      "fail if a ratio is more than 15 % worse than in this baseline for this processor, or 40 % for an unknown processor",
    )
    .option(
      "--tolerance <percent>",
      "allow ratios to be this much worse than the baseline, on any processor",
      parsePercent,
    )
    .option(
      "--write-baseline <file>",
      "write the ratios as a baseline for --check; entries of other processors are kept",
    )
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText("after", "\nExample:\n  callsign bench --model models/galactic --json")
    .action((flags: BenchFlags) => bench(context, flags));
  addHeadOptions(benchCommand);
}

/** Measurements in which a ratio must be worse before a check fails: a busy machine may spoil one. */
const TRIES = 3;

async function bench(context: CliContext, flags: BenchFlags): Promise<void> {
  const { bestRatios, findRegressions, knowsProcessor, parseBaseline, toBaseline } =
    await import("@callsign/eval/internal");
  const { writeFileAtomic } = await import("@callsign/infer/node/internal");
  const baseline =
    flags.check === undefined
      ? undefined
      : parseBaseline(await readBaseline(flags.check), { name: flags.check });
  const tolerance = flags.tolerance === undefined ? undefined : flags.tolerance / 100;
  let result = await measure(context, flags);
  let { ratios } = result;
  let worse = baseline ? findRegressions(result, baseline, { tolerance }) : [];
  for (let run = 1; worse.length > 0 && run < TRIES; run++) {
    context.stderr(`${worse.join("\n")}\nmeasuring again (${run + 1} of ${TRIES})\n`);
    result = await measure(context, flags);
    ratios = bestRatios(ratios, result.ratios);
    worse = findRegressions({ ...result, ratios }, baseline!, { tolerance });
  }
  if (baseline && !knowsProcessor(baseline, result.machine.cpu))
    context.stderr(
      `${flags.check}: has no entry for ${result.machine.cpu}, so ratios may be ${flags.tolerance ?? 40} % worse than its lowest; ` +
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
      `bench: ${worse.join("; ")} (baseline ${flags.check}); if this is intended, replace the baseline with --write-baseline`,
    );
}

const readBaseline = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((cause: unknown) => {
    throw new CallsignError(
      "FILE_NOT_FOUND",
      `${file}: cannot read the baseline: ${String(cause)}; write one with --write-baseline`,
      { cause },
    );
  });

async function measure(context: CliContext, flags: BenchFlags): Promise<BenchResult> {
  const { benchDetector } = await import("@callsign/eval/internal");
  const { createNodeSession, readModel } = await import("@callsign/infer/node/internal");
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
  const { makeUntrainedModel } = await import("@callsign/train/internal");
  if (embedding === undefined) return { folder: await makeUntrainedModel() };
  const { chooseEmbedding } = await import("@callsign/infer/node/internal");
  const { path } = await chooseEmbedding(embedding, { env, signal });
  return { folder: await makeUntrainedModel(path), embeddingPath: path };
}

function table(result: BenchResult): string {
  const { stepMs, ratios, machine, copies } = result;
  const rows: [string, string][] = [
    ["step of 80 ms", `${stepMs.p50.toFixed(3)} ms (median), ${stepMs.p99.toFixed(3)} ms (p99)`],
    ["streams per core", String(result.streamsPerCore)],
    ["computed as openWakeWord", `${ratios.openWakeWordWay.toFixed(2)} times as long`],
    ["computed as livekit-wakeword", `${ratios.livekitWay.toFixed(2)} times as long`],
    ["computed as the published model", `${ratios.publishedWay.toFixed(2)} times as long`],
    ["heap allocated per step", `${result.allocationBytes} bytes`],
    ["start-up", `${result.startUpMs.toFixed(0)} ms, first step ${result.firstStepMs.toFixed(1)} ms`],
    ["memory", `${result.residentMiB.toFixed(0)} MiB, with all four implementations loaded`],
  ];
  if (copies !== undefined)
    rows.splice(1, 0, [`${copies.count} copies`, `${copies.ratio.toFixed(2)} times as long as without`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const head = `${result.model}, on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; processor time\n`;
  return head + rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join("");
}
