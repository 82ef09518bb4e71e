/**
 * `npx tsx --conditions=@callsign/source experiments/recipe/compare.ts FILE OUT [VARIANT...]`: builds, trains and
 * evaluates variants of a config, three seeds each, and prints a Markdown table. FILE is YAML:
 *
 *     base: config.yaml             # a detector's config; paths are relative to FILE
 *     seeds: [1, 2, 3]              # of the training; the data use the seed of the config
 *     evaluation:
 *       positives: words            # a folder for each label
 *       negatives: [others]
 *       conditions: { clean: {}, 10 dB: { noise: noise-eval, snrDb: 10 } }
 *     variants: { shipped: {}, no mixup: { train: { mixup: { probability: 0 } } } }
 *
 * OUT keeps all finished results, so that a rerun continues. Variants with the same data share one build.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";

import { buildData, parseDataConfig } from "@callsign/data/internal";
import {
  type DetectorConfig,
  formatSpread,
  loadBackend,
  mergeConfig,
  parseDetectorConfig,
  trainDetector,
} from "@callsign/train/internal";
import { cacheDirectory, toolIdentity } from "@callsign/infer/node/internal";

import { readConfig } from "../../packages/cli/src/config/read-config.ts";
import { type ConditionFolders as Conditions, evaluateWords, type WordErrors } from "./evaluate-words.ts";

interface Comparison {
  readonly base: string;
  readonly seeds: readonly number[];
  readonly evaluation: {
    readonly positives: string;
    readonly negatives: readonly string[];
    readonly conditions: Readonly<Record<string, Conditions>>;
  };
  readonly variants: Readonly<Record<string, object>>;
}

const [file, outDir, ...wanted] = process.argv.slice(2);
if (file === undefined || outDir === undefined) throw new Error("compare: expected FILE OUT [VARIANT...]");
const comparison = (await readConfig(file)) as Comparison;
const near = (path: string): string => resolve(dirname(file), path);
const base = await readConfig(near(comparison.base));
const { backend } = await loadBackend("auto");
const names = Object.keys(comparison.variants).filter((name) => wanted.length === 0 || wanted.includes(name));
// Seeds in the outer loop, so that every variant has a first result early.
for (const seed of comparison.seeds) for (const name of names) await runOne(name, seed);
backend.release();
console.log(await formatTable());

async function runOne(name: string, seed: number): Promise<void> {
  const folder = folderOf(name, seed);
  if (existsSync(join(folder, "errors.json"))) return;
  const value = mergeConfig(mergeConfig(base, comparison.variants[name]!), { train: { seed } });
  const config = parseDetectorConfig(value, { name: `${file} ${name}` });
  const dataDir = await build(value, config);
  const started = performance.now();
  await finish(
    `${name} ${seed} train`,
    trainDetector({ config, dataDir, outDir: join(folder, "model"), backend, resume: true }),
  );
  const trained = performance.now();
  const { positives, negatives, conditions } = comparison.evaluation;
  const errors = await evaluateWords(join(folder, "model"), {
    positives: near(positives),
    negatives: negatives.map(near),
    conditions: Object.fromEntries(
      Object.entries(conditions).map(([key, { noise, ...rest }]) => [
        key,
        { ...rest, ...(noise && { noise: near(noise) }) },
      ]),
    ),
    cacheDir: join(outDir!, "features"),
  });
  const row = {
    name,
    seed,
    trainSeconds: (trained - started) / 1000,
    evalSeconds: (performance.now() - trained) / 1000,
    errors,
  };
  await writeFile(join(folder, "errors.json"), JSON.stringify(row, undefined, 1));
  console.log(JSON.stringify(row));
}

/** Folder of a variant's training with one seed. */
function folderOf(name: string, seed: number): string {
  return join(outDir!, "runs", `${name.replaceAll(/\W+/g, "-")}-${seed}`);
}

async function build(
  value: unknown,
  { labels, seed, windowing, frontend, data }: DetectorConfig,
): Promise<string> {
  const key = createHash("sha256")
    .update(JSON.stringify({ labels, seed, windowing, frontend, data }))
    .digest("hex");
  const out = join(outDir!, "data", key.slice(0, 12));
  if (existsSync(join(out, "index.json"))) return out;
  await mkdir(out, { recursive: true });
  const config = parseDataConfig(value, { name: file! });
  const context = {
    config,
    baseDir: dirname(resolve(file!)),
    out,
    workers: availableParallelism(),
    identity: toolIdentity(),
    cacheDir: cacheDirectory({ env: process.env }),
    env: process.env,
    onNote: (note: string) => console.error(note),
  };
  await finish("build", buildData(context));
  return out;
}

/** Runs a stage to its end and logs its progress every 20 s. */
async function finish(stage: string, events: AsyncGenerator): Promise<void> {
  let logged = 0;
  for await (const event of events) {
    const now = performance.now();
    if (now - logged < 20_000) continue;
    logged = now;
    await appendFile(join(outDir!, "log"), `${new Date().toISOString()} ${stage} ${JSON.stringify(event)}\n`);
  }
}

/** Mean over the seeds, with their lowest and highest. */
async function formatTable(): Promise<string> {
  const lines: string[] = [];
  for (const name of Object.keys(comparison.variants)) {
    const rows: WordErrors[][] = [];
    for (const seed of comparison.seeds) {
      const path = join(folderOf(name, seed), "errors.json");
      if (existsSync(path))
        rows.push((JSON.parse(await readFile(path, "utf8")) as { errors: WordErrors[] }).errors);
    }
    if (rows.length === 0) continue;
    if (lines.length === 0) {
      const columns = rows[0]!.map(({ condition, group, rate }) => `${group}, ${condition}, ${rate}/h`);
      lines.push(
        `| variant | seeds | ${columns.join(" | ")} |`,
        `|---|---|${columns.map(() => "---|").join("")}`,
      );
    }
    const cells = rows[0]!.map((_, i) => {
      const values = rows.map((row) => 100 * row[i]!.missed);
      return formatSpread(values, 1);
    });
    lines.push(`| ${name} | ${rows.length} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}
