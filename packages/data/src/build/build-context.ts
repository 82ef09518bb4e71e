import { isAbsolute, resolve } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import type { ToolIdentity } from "@callsign/infer/node/internal";

import type { DataConfig } from "../config/config.ts";
import type { HubEnvironment } from "../sources/common-voice/common-voice.ts";

/** Stages of a build in order. Each keeps its files, and a rerun makes only what is missing. */
export const BUILD_STAGES = ["texts", "synthesize", "collect", "features"] as const;

export type BuildStage = (typeof BUILD_STAGES)[number];

/** Everything a build touches beside its config. */
export interface BuildEnvironment {
  /** Folder the config's relative paths start from: the config file's. */
  readonly baseDir: string;
  /** Folder of the build. What lies in its `clips`, `shards` and `state` belongs to the build. */
  readonly out: string;
  readonly workers: number;
  /** Who builds; recorded in every artifact. */
  readonly identity: ToolIdentity;
  /** Where downloaded models and corpora are kept. */
  readonly cacheDir: string;
  /** Environment variables: CALLSIGN_ASSETS, HF_ENDPOINT, HF_TOKEN and the like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hub?: HubEnvironment | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what is no fault but should be known. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** What every stage is given. */
export interface BuildContext extends BuildEnvironment {
  readonly config: DataConfig;
}

/** @throws CallsignError `ABORTED` */
export function throwIfStopped({ signal }: Pick<BuildEnvironment, "signal">, stage: string): void {
  if (signal?.aborted)
    throw new CallsignError("ABORTED", `data build: stopped in stage ${stage}; run it again to continue`, {
      cause: signal.reason,
    });
}

/** A path of the config, as it is from anywhere. */
export const fromBase = (path: string, { baseDir }: Pick<BuildEnvironment, "baseDir">): string =>
  isAbsolute(path) ? path : resolve(baseDir, path);
