import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError, readWav, toMagnitudes } from "@callsign/audio/internal";
import { createFrontend, type Frontend } from "@callsign/infer/internal";
import {
  createNodeSession,
  sha256Hex,
  type ToolIdentity,
  writeFileAtomic,
} from "@callsign/infer/node/internal";

import { type FeatureSettings, readEmbedding } from "./feature-settings.ts";
import { makeShard, type ShardCounts } from "./make-shard.ts";
import type { ClipRef, ShardPlan } from "./shard-plan.ts";

/** Settings of a build that all of its shards share. */
export interface ShardSetup {
  readonly out: string;
  readonly settings: FeatureSettings;
  readonly embeddingPath: string;
  readonly identity: ToolIdentity;
}

/** A written shard. */
export interface ShardFile extends ShardCounts {
  /** Relative to the build. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Entry of a finished shard in the index. */
export interface ShardEntry
  extends ShardFile, Pick<ShardPlan, "split" | "source" | "kind" | "inputsSha256"> {}

/** The task `features`: makes shards, all with one front-end, and writes them, whole or not at all. */
export function openShardWriter(setup: ShardSetup) {
  const { out, settings, identity } = setup;
  let opened: Promise<Frontend> | undefined;
  return {
    /** @throws CallsignError */
    async run(plan: ShardPlan): Promise<ShardFile> {
      opened ??= openFrontend(setup);
      const { bytes, counts } = await makeShard(plan, {
        settings,
        identity,
        frontend: await opened,
        readClip: (clip) => readClip(out, clip),
      });
      const path = shardPath(plan.id);
      await writeFileAtomic(join(out, path), bytes);
      return { path, sha256: sha256Hex(bytes), bytes: bytes.length, ...counts };
    },
    async dispose(): Promise<void> {
      const frontend = await opened?.catch(() => undefined);
      await frontend?.dispose();
    },
  };
}

/** The front-end of a build's shards. @throws CallsignError `FILE_NOT_FOUND`, and as `createFrontend` */
export async function openFrontend({
  embeddingPath,
  settings,
}: Pick<ShardSetup, "embeddingPath" | "settings">): Promise<Frontend> {
  return createFrontend({
    createSession: createNodeSession(),
    embedding: await readEmbedding(embeddingPath),
    floor: settings.floor,
    embeddingSha256: settings.embeddingSha256,
  });
}

/** Path of a shard relative to the build. */
export const shardPath = (id: string): string => `shards/${id}.safetensors`;

async function readClip(out: string, { path }: ClipRef): Promise<Float32Array> {
  const file = join(out, path);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: the clip is missing; run the build again`, { cause });
  });
  return toMagnitudes(readWav(bytes, { name: file }).samples);
}
