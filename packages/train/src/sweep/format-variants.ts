import type { Variant } from "./variants.ts";

/** A trained variant with its errors at the thresholds of its card. */
export interface VariantResult extends Pick<Variant, "name" | "values"> {
  readonly labels: readonly {
    readonly label: string;
    readonly falseRejectRate: number;
    readonly falseAcceptsPerHour: number;
  }[];
  /** Duration of the training. */
  readonly seconds: number;
}

/** Markdown table of variants side by side. Trainings that differ in the seed alone are one row. */
export function formatVariants(results: readonly VariantResult[]): string {
  const rows = new Map<string, VariantResult[]>();
  for (const result of results) {
    const { [SEED]: _seed, ...rest } = result.values;
    const key = JSON.stringify(rest);
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  const [first] = results;
  if (first === undefined) return "no variant is trained\n";
  const fields = Object.keys(first.values).filter((path) => path !== SEED);
  const labels = first.labels.map(({ label }) => label);
  const table = [
    [...fields, "trainings", ...labels.flatMap((label) => [`${label}: missed, %`, "false accepts/h"]), "s"],
    ...[...rows.values()].map((row) => [
      ...fields.map((path) => String(row[0]!.values[path])),
      String(row.length),
      ...labels.flatMap((_, i) => [
        formatSpread(
          row.map((one) => 100 * one.labels[i]!.falseRejectRate),
          1,
        ),
        formatSpread(
          row.map((one) => one.labels[i]!.falseAcceptsPerHour),
          2,
        ),
      ]),
      formatSpread(
        row.map(({ seconds }) => seconds),
        0,
      ),
    ]),
  ];
  const lines = table.map((cells) => `| ${cells.join(" | ")} |`);
  return `${[lines[0], `|${"---|".repeat(table[0]!.length)}`, ...lines.slice(1)].join("\n")}\n`;
}

const SEED = "train.seed";

/** Mean of values, with the lowest and highest: `12.3 (11.0-14.1)`. */
export function formatSpread(values: readonly number[], digits: number): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(digits);
  return `${mean.toFixed(digits)} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`;
}
