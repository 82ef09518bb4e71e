import { readFile } from "node:fs/promises";

import { CallsignError, FRONTEND_ID, type LogMelFloor } from "@callsign/infer";
import { resolveAsset, sha256Hex, SPEECH_EMBEDDING, type AssetOptions } from "@callsign/infer/node";

import type { DataConfig } from "../config.ts";
import { type BuildContext, fromBase } from "./build-context.ts";
import { sha256Of } from "./build-folder.ts";

/** Everything that decides features, beside the clips. Plain data: it travels to worker threads. */
export interface FeatureSettings {
  readonly seed: string;
  readonly labels: readonly string[];
  readonly windowing: DataConfig["windowing"];
  readonly augmentation: DataConfig["data"]["augmentation"];
  readonly slidingWindows: DataConfig["data"]["slidingWindows"];
  readonly scenes: Pick<DataConfig["data"]["scenes"], "seconds" | "commandShare">;
  readonly frontend: string;
  readonly floor: LogMelFloor;
  readonly embeddingSha256: string;
}

/** The embedding a build uses. */
export interface LocatedEmbedding {
  readonly path: string;
  readonly sha256: string;
}

/**
 * The embedding's file: the one named, or Google's, found or downloaded.
 * @throws CallsignError `FILE_NOT_FOUND`, `CHECKSUM_MISMATCH`, `DOWNLOAD_FAILED`
 */
export async function locateEmbedding(
  context: BuildContext,
  assets: Pick<AssetOptions, "onProgress" | "fetch"> = {},
): Promise<LocatedEmbedding> {
  const { embedding } = context.config.frontend;
  if (embedding !== SPEECH_EMBEDDING.id) {
    const path = fromBase(embedding, context);
    return { path, sha256: sha256Hex(await readEmbedding(path)) };
  }
  const { env, cacheDir, signal } = context;
  const path = await resolveAsset(SPEECH_EMBEDDING, { ...assets, env, cacheDir, ...(signal && { signal }) });
  return { path, sha256: SPEECH_EMBEDDING.sha256 };
}

export function featureSettings(config: DataConfig, embedding: LocatedEmbedding): FeatureSettings {
  const { seed, labels, windowing, data } = config;
  const { seconds, commandShare } = data.scenes;
  return {
    seed: String(seed),
    labels: labels.map(({ label }) => label),
    windowing,
    augmentation: data.augmentation,
    slidingWindows: data.slidingWindows,
    scenes: { seconds, commandShare },
    frontend: FRONTEND_ID,
    floor: windowing.kind === "sliding-audio" ? "window" : "chunk",
    embeddingSha256: embedding.sha256,
  };
}

/** Of the config's part that decides features. */
export const settingsSha256 = (settings: FeatureSettings): string => sha256Of({ version: 1, settings });

/** @throws CallsignError `FILE_NOT_FOUND` */
export async function readEmbedding(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the embedding: ${reason}`, { cause });
  });
}
