import { readFile } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { FRONTEND_ID, type LogMelFloor } from "@callsign/infer/internal";
import type { ChosenEmbedding } from "@callsign/infer/node/internal";

import { afterSecondsOf, type DataConfig } from "../config/config.ts";
import type { FeaturePrecision } from "./shard.ts";
import { sha256Of } from "../store/build-folder.ts";

/** Settings that, with the clips, determine features. Plain data, since it is sent to worker threads. */
export interface FeatureSettings {
  readonly seed: string;
  readonly labels: readonly string[];
  /** Phrases of all labels. */
  readonly phrases: readonly string[];
  readonly windowing: DataConfig["windowing"];
  readonly afterSeconds: number;
  readonly augmentation: DataConfig["data"]["augmentation"];
  readonly slidingWindows: DataConfig["data"]["slidingWindows"];
  readonly scenes: Pick<DataConfig["data"]["scenes"], "seconds" | "commandShare">;
  readonly frontend: string;
  readonly floor: LogMelFloor;
  readonly embeddingSha256: string;
  readonly precision: FeaturePrecision;
}

/** Settings of a config with an embedding. */
export function featureSettings(config: DataConfig, embedding: ChosenEmbedding): FeatureSettings {
  const { seed, labels, windowing, data } = config;
  const { seconds, commandShare } = data.scenes;
  return {
    seed: String(seed),
    labels: labels.map(({ label }) => label),
    phrases: labels.flatMap(({ phrases }) => phrases),
    windowing,
    afterSeconds: afterSecondsOf(config),
    augmentation: data.augmentation,
    slidingWindows: data.slidingWindows,
    scenes: { seconds, commandShare },
    frontend: FRONTEND_ID,
    floor: windowing.kind === "sliding-audio" ? "window" : "chunk",
    embeddingSha256: embedding.sha256,
    precision: data.precision,
  };
}

/** Hash of the settings that determine features. */
export const settingsSha256 = (settings: FeatureSettings): string => sha256Of({ version: 3, settings });

/** @throws CallsignError `FILE_NOT_FOUND` */
export async function readEmbedding(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the embedding: ${reason}`, { cause });
  });
}
