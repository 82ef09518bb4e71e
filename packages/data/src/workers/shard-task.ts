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

import { type FeatureSettings, readEmbedding } from "../features/feature-settings.ts";
import { makeShard, type ShardCounts } from "../features/make-shard.ts";
import type { ClipRef, ShardPlan } from "../features/shard-plan.ts";

/** What every shard of a build is made with. Plain data: it travels to worker threads. */
export interface ShardSetup {
  readonly out: string;
  readonly settings: FeatureSettings;
  readonly embeddingPath: string;
  readonly identity: ToolIdentity;
}

/** A shard on the disk. */
export interface ShardFile extends ShardCounts {
  /** Relative to the build. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Makes shards, in this thread, with one front-end for all of them. */
export class ShardTask {
  readonly #setup: ShardSetup;
  #frontend: Promise<Frontend> | undefined;

  constructor(setup: ShardSetup) {
    this.#setup = setup;
  }

  /** Makes one shard and writes it, whole or not at all. @throws CallsignError */
  async run(plan: ShardPlan): Promise<ShardFile> {
    const { out, settings, identity } = this.#setup;
    this.#frontend ??= this.#open();
    const { bytes, counts } = await makeShard(plan, {
      settings,
      identity,
      frontend: await this.#frontend,
      readClip: (clip) => readClip(out, clip),
    });
    const path = shardPath(plan.id);
    await writeFileAtomic(join(out, path), bytes);
    return { path, sha256: sha256Hex(bytes), bytes: bytes.length, ...counts };
  }

  async dispose(): Promise<void> {
    const frontend = await this.#frontend?.catch(() => undefined);
    await frontend?.dispose();
  }

  async #open(): Promise<Frontend> {
    const { embeddingPath, settings } = this.#setup;
    return createFrontend({
      createSession: createNodeSession(),
      embedding: await readEmbedding(embeddingPath),
      floor: settings.floor,
      embeddingSha256: settings.embeddingSha256,
    });
  }
}

/** Where a shard lies, relative to the build. */
export const shardPath = (id: string): string => `shards/${id}.safetensors`;

async function readClip(out: string, { path }: ClipRef): Promise<Float32Array> {
  const file = join(out, path);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new CallsignError("FILE_NOT_FOUND", `${file}: the clip is gone; run the build again`, { cause });
  });
  return toMagnitudes(readWav(bytes, { name: file }).samples);
}
