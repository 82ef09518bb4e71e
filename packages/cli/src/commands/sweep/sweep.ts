import { join } from "node:path";

import type { DetectorConfig, Variant, VariantResult } from "@callsign/train/internal";
import type { Command } from "commander";

import { type CliContext, printJson } from "../../context.ts";
import { backendOption } from "../../flags/backend.ts";
import { queueOption, storeOption } from "../../flags/queue.ts";

interface SweepFlags {
  readonly config: string;
  readonly over: readonly string[];
  readonly data?: string;
  readonly out?: string;
  readonly backend?: string;
  readonly queue?: string;
  readonly store?: string;
  readonly json?: boolean;
}

/** A variant whose config is checked, and where its model goes. */
export interface CheckedVariant extends Pick<Variant, "name" | "values"> {
  readonly config: DetectorConfig;
  readonly outDir: string;
}

/** Registers `callsign sweep`: trainings with other settings, side by side. */
export function registerSweep(program: Command, context: CliContext): void {
  program
    .command("sweep")
    .description(
      "Train variants of a config on one data build and compare them; finished ones are not repeated.",
    )
    .requiredOption("--config <file>", "YAML config of the detector")
    .requiredOption(
      "--over <field=values...>",
      "fields of train to vary: a list (train.learningRate=0.001,0.003) or a range (train.seed=1..10)",
    )
    .option("--data <dir>", "folder of the data build (default: build/NAME)")
    .option("--out <dir>", "folder for the variants' models (default: sweeps/NAME)")
    .addOption(backendOption("the config's"))
    .addOption(queueOption())
    .addOption(storeOption())
    .option("--json", "print one JSON document and nothing else on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  callsign sweep --config configs/quickstart.yaml --over train.seed=1..3 train.learningRate=0.001,0.003\n\n" +
        "The table has one row for each combination; trainings that differ in train.seed alone are one row, with mean and range.",
    )
    .action((flags: SweepFlags) => sweep(context, flags));
}

async function sweep(context: CliContext, flags: SweepFlags): Promise<void> {
  const { formatVariants, parseDetectorConfig, parseSweptFields, variantsOf } =
    await import("@callsign/train/internal");
  const { readConfig } = await import("../../config/read-config.ts");
  const value = await readConfig(flags.config, { env: context.env });
  const { name } = parseDetectorConfig(value, { name: flags.config });
  const out = flags.out ?? join("sweeps", name);
  const dataDir = flags.data ?? join("build", name);
  // Every variant is checked before the first is trained.
  const variants = variantsOf(value, parseSweptFields(flags.over)).map((variant): CheckedVariant => ({
    name: variant.name,
    values: variant.values,
    config: parseDetectorConfig(variant.config, { name: `${flags.config} with ${variant.name}` }),
    outDir: join(out, variant.name),
  }));
  const options = { dataDir, backend: flags.backend };
  const results: readonly VariantResult[] =
    flags.queue === undefined
      ? await (await import("./sweep-here.ts")).sweepHere(context, variants, options)
      : await (
          await import("./sweep-on-queue.ts")
        ).sweepOnQueue(context, variants, { ...options, queue: flags.queue, store: flags.store });
  const { writeFileAtomic } = await import("@callsign/infer/node/internal");
  const table = formatVariants(results);
  await writeFileAtomic(join(out, "sweep.json"), `${JSON.stringify(results, null, 2)}\n`);
  await writeFileAtomic(join(out, "sweep.md"), table);
  if (flags.json) printJson(context, results);
  else context.stdout(`${table}models: ${out}\n`);
}
