/**
 * `npm run bench [-- FILTER]`: runs every packages/NAME/bench/*.bench.ts whose path contains FILTER and prints one
 * table. Each file measures ours and its rival interleaved in one run, so the ratios hold on a noisy machine.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BenchRow } from "../test-support/bench-row.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const filter = process.argv[2] ?? "";
const files = benchFiles().filter((file) => file.includes(filter));
if (files.length === 0) {
  console.error(`No benchmark matches "${filter}". There are: ${benchFiles().join(", ")}`);
  process.exit(1);
}

for (const file of files) {
  console.log(`\n${file}`);
  const benchmark = (await import(pathToFileURL(join(root, file)).href)) as {
    bench: () => Promise<BenchRow[]>;
  };
  for (const row of await benchmark.bench()) console.log(formatRow(row));
}

function benchFiles(): string[] {
  return readdirSync(join(root, "packages"))
    .map((name) => join("packages", name, "bench"))
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((file) => file.endsWith(".bench.ts"))
    .toSorted();
}

function formatRow(row: BenchRow): string {
  const value = `${row.value.toPrecision(4)} ${row.unit}`.padEnd(26);
  const ratio = row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x ${row.baseline ?? ""}`;
  const note = row.note === undefined ? "" : `  (${row.note})`;
  return `  ${row.group.padEnd(14)} ${row.name.padEnd(44)} ${value} ${ratio}${note}`.trimEnd();
}
