import { readFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type BuildIndex,
  type FeatureShard,
  type LabelPolicy,
  outcomeOf,
  parseSafetensorsHeader,
  readBuildIndex,
  readShard,
} from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, FRONTEND_ID, type Progress } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, sha256Hex, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";

import type { DetectorConfig } from "../config/config.ts";
import type { ShardTable } from "./shard-table.ts";

/** Shards of a data build, checked against the config. */
export interface OpenedShards {
  readonly folder: string;
  readonly index: BuildIndex;
  readonly tables: readonly ShardTable[];
  /** Hash of all shards. */
  readonly sha256: string;
}

export interface OpenShardsOptions {
  readonly config: DetectorConfig;
  readonly policy: LabelPolicy;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads and checks every shard once, and keeps everything but its features. @throws CallsignError `FILE_NOT_FOUND`,
 * `SHARD_INVALID`, `SHARD_MISMATCH` (another front-end, windowing or label set), `FEATURES_NOT_FINITE`, `CLASS_EMPTY`
 */
export async function* openShards(
  folder: string,
  { config, policy, signal }: OpenShardsOptions,
): AsyncGenerator<Progress, OpenedShards> {
  const index = await readBuildIndex(folder);
  const tables: ShardTable[] = [];
  for (const entry of index.shards) {
    if (signal?.aborted) throw new CallsignError("ABORTED", "train: stopped while reading shards");
    const file = join(folder, entry.path);
    const bytes = await readFileOf(file);
    const shard = readShard(bytes, { name: file });
    checkFits(shard, { file, config, index });
    checkFinite(shard.embeddings, file);
    const { tensors } = parseSafetensorsHeader(bytes, { name: file, fileLength: bytes.length });
    tables.push(tableOf(shard, { file, policy, embeddingsByte: tensors.get("embeddings")!.begin }));
    yield { stage: "read shards", done: tables.length, total: index.shards.length, unit: "shards" };
  }
  checkClasses(tables, { config, folder });
  return { folder, index, tables, sha256: shardsSha256(index) };
}

/** Hash of all shards of a build. */
export const shardsSha256 = ({ shards }: Pick<BuildIndex, "shards">): string =>
  sha256Hex(shards.map(({ path, sha256 }) => `${path} ${sha256}`).join("\n"));

/** @throws CallsignError `FILE_NOT_FOUND`, `SHARD_INVALID` */
export async function readShardFile(file: string): Promise<FeatureShard> {
  return readShard(await readFileOf(file), { name: file });
}

const readFileOf = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((cause: unknown) => {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: the shard is missing; build the data again`, {
      cause,
    });
  });

interface Fitting {
  readonly file: string;
  readonly config: DetectorConfig;
  readonly index: BuildIndex;
}

function checkFits({ metadata }: FeatureShard, { file, config, index }: Fitting): void {
  const { windowing, frontend } = config;
  const named = [SPEECH_EMBEDDING, CALLSIGN_EMBEDDING].find(({ id }) => id === frontend.embedding);
  const expected = {
    labels: config.labels.map(({ label }) => label).join(", "),
    "front-end": FRONTEND_ID,
    floor: windowing.kind === "sliding-audio" ? "window" : "chunk",
    "embeddings a window": windowing.kind === "sliding-audio" ? 1 : windowing.embeddings,
    "embedding of sha256": named?.sha256 ?? index.frontend.embeddingSha256,
  };
  const got: Record<keyof typeof expected, string | number> = {
    labels: metadata.labels.join(", "),
    "front-end": metadata.frontend,
    floor: metadata.floor,
    "embeddings a window": metadata.embeddingsPerWindow,
    "embedding of sha256": metadata.embeddingSha256,
  };
  for (const [what, value] of Object.entries(expected)) {
    const found = got[what as keyof typeof expected];
    if (found !== value)
      throw new CallsignError(
        "SHARD_MISMATCH",
        `${file}: made for another detector: expected ${what} ${value}, got ${found}; build the data with this config`,
      );
  }
}

function checkFinite(embeddings: Float32Array, file: string): void {
  const bad = embeddings.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const row = Math.floor(bad / EMBEDDING.dimension);
  throw new CallsignError(
    "FEATURES_NOT_FINITE",
    `${file}: row ${row}, column ${bad % EMBEDDING.dimension} is ${embeddings[bad]}, expected a finite number; build the shard again`,
  );
}

function tableOf(
  shard: FeatureShard,
  { file, policy, embeddingsByte }: { file: string; policy: LabelPolicy; embeddingsByte: number },
): ShardTable {
  const { embeddings, windowEnd, label, heard, sinceEnd, clip, metadata } = shard;
  const outcome = new Int8Array(label.length);
  for (let i = 0; i < outcome.length; i++)
    outcome[i] = outcomeOf({ label: label[i]!, heard: heard[i]!, sinceEnd: sinceEnd[i]! }, policy);
  return {
    file,
    split: metadata.split,
    source: metadata.source,
    kind: metadata.kind,
    bytes: embeddings.byteLength,
    embeddingsByte,
    clips: metadata.clips,
    // Copies: views would keep the whole file in memory.
    windowEnd: windowEnd.slice(),
    outcome,
    label: Int8Array.from(label),
    heard: heard.slice(),
    clip: clip.slice(),
  };
}

/** Checks that both splits have positives of every label, and negatives. */
function checkClasses(
  tables: readonly ShardTable[],
  { config, folder }: { readonly config: DetectorConfig; readonly folder: string },
): void {
  for (const split of ["train", "validation"] as const) {
    const seen = new Set<number>();
    for (const table of tables)
      if (table.split === split) for (const outcome of table.outcome) seen.add(outcome);
    const names = [...config.labels.map(({ label }) => `positive of ${JSON.stringify(label)}`), "negative"];
    for (const [i, name] of names.entries())
      if (!seen.has(i < config.labels.length ? i : -1))
        throw new CallsignError(
          "CLASS_EMPTY",
          `${folder}: no ${name} in split ${split}; add clips or voices (data.positives, data.engines, data.splits)`,
        );
  }
}
