import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { VariantResult } from "@callsign/train/internal";

import type { CliContext } from "../../context.ts";
import { runTraining, trainingSummary } from "../train.ts";
import type { CheckedVariant } from "./sweep.ts";

interface SweepOptions {
  readonly dataDir: string;
  /** Default: that of each config. */
  readonly backend?: string | undefined;
}

/** Trains variants one after the other in this process. One that was stopped is resumed, a finished one is kept. */
export async function sweepHere(
  context: CliContext,
  variants: readonly CheckedVariant[],
  { dataDir, backend }: SweepOptions,
): Promise<VariantResult[]> {
  const { findEarlierTraining } = await import("@callsign/train/internal");
  const { sha256File, sha256Hex, writeFileAtomic } = await import("@callsign/infer/node/internal");
  const data = await sha256File(join(dataDir, "index.json")).catch(() => "");
  const results: VariantResult[] = [];
  for (const [i, { name, values, config, outDir }] of variants.entries()) {
    const resultFile = join(outDir, "variant.json");
    const key = sha256Hex(JSON.stringify({ config, data, backend }));
    const found = await readResult(resultFile, key);
    if (found !== undefined) {
      results.push(found);
      continue;
    }
    context.stderr(`variant ${i + 1} of ${variants.length}: ${name}\n`);
    const earlier = await findEarlierTraining(outDir, { config, dataDir });
    const trained = await runTraining(context, {
      config,
      dataDir,
      outDir,
      backend,
      resume: earlier?.changed.length === 0,
    });
    const result = resultOf({ name, values }, trainingSummary(trained));
    await writeFileAtomic(resultFile, `${JSON.stringify({ key, result }, null, 2)}\n`);
    results.push(result);
  }
  return results;
}

async function readResult(path: string, key: string): Promise<VariantResult | undefined> {
  const text = await readFile(path, "utf8").catch(() => "null");
  const found = JSON.parse(text) as { readonly key: string; readonly result: VariantResult } | null;
  return found?.key === key ? found.result : undefined;
}

/** Result of a variant, from the summary of its training. */
export const resultOf = (
  { name, values }: Pick<CheckedVariant, "name" | "values">,
  { labels, seconds }: Pick<ReturnType<typeof trainingSummary>, "labels" | "seconds">,
): VariantResult => ({
  name,
  values,
  labels: labels.map(({ label, falseRejectRate, falseAcceptsPerHour }) => ({
    label,
    falseRejectRate,
    falseAcceptsPerHour,
  })),
  seconds,
});
