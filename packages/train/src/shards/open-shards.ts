import { join } from "node:path";

import {
  type BuildIndex,
  type LabelPolicy,
  NEGATIVE,
  type OpenedShard,
  openShard,
  readBuildIndex,
} from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { embeddingsOf, FRONTEND_ID, type Progress } from "@callsign/infer/internal";
import { CALLSIGN_EMBEDDING, sha256Hex, SPEECH_EMBEDDING } from "@callsign/infer/node/internal";

import type { DetectorConfig } from "../config/config.ts";
import { featureTables } from "./feature-tables.ts";
import type { ShardTable } from "./shard-table.ts";
import { WindowTable } from "./window-table.ts";

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
 * Reads and checks the windows of every shard; its features are read when they are needed. @throws CallsignError
 * `FILE_NOT_FOUND`, `SHARD_INVALID`, `SHARD_MISMATCH` (another front-end, windowing or label set), `CLASS_EMPTY`
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
    const { metadata, windows, ...features } = await openShard(file);
    checkFits(metadata, { file, config, index });
    const { split, source, kind } = metadata;
    tables.push({ file, split, source, kind, ...features, windows: new WindowTable(windows, policy) });
    yield { stage: "read shards", done: tables.length, total: index.shards.length, unit: "shards" };
  }
  const embeddings = embeddingsOf(config.windowing);
  for (const file of index.features) tables.push(...featureTables(file, { embeddings, policy }));
  checkClasses(tables, { config, folder });
  return { folder, index, tables, sha256: shardsSha256(index) };
}

/** Hash of all shards and precomputed features of a build. */
export const shardsSha256 = ({ shards, features }: Pick<BuildIndex, "shards" | "features">): string =>
  sha256Hex(
    [
      ...shards.map(({ path, sha256 }) => `${path} ${sha256}`),
      ...features.map(({ id, sha256 }) => `${id} ${sha256}`),
    ].join("\n"),
  );

interface Fitting {
  readonly file: string;
  readonly config: DetectorConfig;
  readonly index: BuildIndex;
}

function checkFits(metadata: OpenedShard["metadata"], { file, config, index }: Fitting): void {
  const { windowing, frontend } = config;
  const named = [SPEECH_EMBEDDING, CALLSIGN_EMBEDDING].find(({ id }) => id === frontend.embedding);
  const expected = {
    labels: config.labels.map(({ label }) => label).join(", "),
    "front-end": FRONTEND_ID,
    floor: windowing.kind === "sliding-audio" ? "window" : "chunk",
    "embeddings a window": embeddingsOf(windowing),
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

/** Checks that both splits have positives of every label, and negatives. */
function checkClasses(
  tables: readonly ShardTable[],
  { config, folder }: { readonly config: DetectorConfig; readonly folder: string },
): void {
  const classes = [
    ...config.labels.map(({ label }, outcome) => ({ name: `positive of ${JSON.stringify(label)}`, outcome })),
    { name: "negative", outcome: NEGATIVE },
  ];
  for (const split of ["train", "validation"] as const) {
    const own = tables.filter((table) => table.split === split);
    for (const { name, outcome } of classes)
      if (own.every(({ windows }) => windows.select(outcome).length === 0))
        throw new CallsignError(
          "CLASS_EMPTY",
          `${folder}: no ${name} in split ${split}; add clips or voices (data.positives, data.engines, data.splits)`,
        );
  }
}
