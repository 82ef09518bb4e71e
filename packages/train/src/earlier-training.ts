import { copyFile, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { readBuildIndex } from "@callsign/data";
import { CallsignError } from "@callsign/infer";
import { MODEL_CARD_FILE } from "@callsign/infer/node";

import { changedFields } from "./changed-fields.ts";
import type { DetectorConfig } from "./config.ts";
import { MODEL_FILE } from "./export-model.ts";
import { type ResolvedTraining, resolveTraining } from "./resolve-training.ts";
import { shardsSha256 } from "./shards/open-shards.ts";
import { readCheckpointHeader } from "./training-checkpoint.ts";

/** Files beside the model in a training's folder. */
export const TRAINING_FILES = {
  checkpoint: "training.safetensors",
  metrics: "metrics.jsonl",
  report: "report.html",
  reportJson: "report.json",
  readme: "README.md",
} as const;

/** A training, or only a model, found in a folder. */
export interface EarlierTraining {
  /** Epochs in its checkpoint; undefined without one that can be read. */
  readonly epochs: number | undefined;
  /** Why it cannot be continued, such as `train.epochs was 20, is 30`; empty where it can. */
  readonly changed: readonly string[];
}

/**
 * Looks for a training or a model in `outDir`; undefined where there is none.
 * With `dataDir` the data counts as well as the config.
 */
export async function findEarlierTraining(
  outDir: string,
  { config, dataDir }: { readonly config: DetectorConfig; readonly dataDir?: string },
): Promise<EarlierTraining | undefined> {
  const checkpointFile = join(outDir, TRAINING_FILES.checkpoint);
  try {
    const header = await readCheckpointHeader(checkpointFile);
    if (header === undefined)
      return (await isFile(join(outDir, MODEL_FILE))) ? { epochs: undefined, changed: [] } : undefined;
    const changed = changedFields(header.settings, trainingSettings(config, resolveTraining(config)));
    if (dataDir !== undefined && header.shardsSha256 !== shardsSha256(await readBuildIndex(dataDir)))
      changed.push("the data was built anew");
    return { epochs: header.history.length, changed };
  } catch (error) {
    const isDamaged =
      error instanceof CallsignError &&
      (error.code === "SAFETENSORS_INVALID" || error.code === "CHECKPOINT_MISMATCH");
    if (!isDamaged) throw error;
    return { epochs: undefined, changed: [error.message] };
  }
}

/**
 * Copies a training's files and its model to a new folder `earlier-N` in `outDir` and removes the checkpoint, so that the
 * next training starts from the beginning. The model stays in place until that one exports its own.
 * @returns the new folder; undefined where there was nothing to keep
 */
export async function keepEarlierTraining(outDir: string): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of [...Object.values(TRAINING_FILES), MODEL_FILE, MODEL_CARD_FILE])
    if (await isFile(join(outDir, name))) found.push(name);
  if (found.length === 0) return undefined;
  const folder = await nextEarlierFolder(outDir);
  await mkdir(folder);
  for (const name of found) await copyFile(join(outDir, name), join(folder, name));
  for (const name of [TRAINING_FILES.checkpoint, TRAINING_FILES.metrics])
    await rm(join(outDir, name), { force: true });
  return folder;
}

/** The folder that `keepEarlierTraining` would make: the first `earlier-N` that does not exist. */
export async function nextEarlierFolder(outDir: string): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = join(outDir, `earlier-${n}`);
    if ((await stat(folder).catch(() => undefined)) === undefined) return folder;
  }
}

/** The parts of a config that decide weights. */
export function trainingSettings(
  { name: _name, data: _data, evaluation: _evaluation, ...config }: DetectorConfig,
  { seed }: ResolvedTraining,
): unknown {
  const { backend: _backend, testTimeAugmentation: _copies, selection, ...train } = config.train;
  return JSON.parse(JSON.stringify({ ...config, seed, train: { ...train, selection } }));
}

const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;
