import { isAbsolute, resolve } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import type { ToolIdentity } from "@callsign/infer/node/internal";

import type { DataConfig } from "../config/config.ts";
import type { HubEnvironment } from "../sources/common-voice/common-voice.ts";
import type { OpenPool } from "../workers/pool.ts";

/** Stages of a build in order. Each keeps its files, and a rerun makes only what is missing. */
export const BUILD_STAGES = ["texts", "synthesize", "collect", "features"] as const;

export type BuildStage = (typeof BUILD_STAGES)[number];

/** Folders, network and callbacks of a build. */
export interface BuildEnvironment {
  /** Folder of the config file, from which its relative paths are resolved. */
  readonly baseDir: string;
  /** Folder of the build, which owns everything in its `clips`, `shards` and `state`. */
  readonly out: string;
  readonly workers: number;
  /** Whether files of an earlier run are read to check them. Default: only those whose size or date changed. */
  readonly isVerified?: boolean | undefined;
  /** Tool and version, recorded in every artifact. */
  readonly identity: ToolIdentity;
  /** Folder for downloaded models and corpora. */
  readonly cacheDir: string;
  /** Environment variables: CALLSIGN_ASSETS, HF_ENDPOINT, HF_TOKEN and the like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hub?: HubEnvironment | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Opens the pools of workers. Default: threads of this process. @internal */
  readonly openPool?: OpenPool | undefined;
  /** Called with remarks that are not errors. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Environment and config of a build. */
export interface BuildContext extends BuildEnvironment {
  readonly config: DataConfig;
  /** Where the user named the corpus with this id, for messages. Default the config. */
  readonly originOf?: (id: string) => string | undefined;
}

/** @throws CallsignError `ABORTED` */
export function throwIfStopped({ signal }: Pick<BuildEnvironment, "signal">, stage: string): void {
  if (signal?.aborted)
    throw new CallsignError("ABORTED", `data build: stopped in stage ${stage}; run it again to continue`, {
      cause: signal.reason,
    });
}

/** Resolves a path of the config. */
export const fromBase = (path: string, { baseDir }: Pick<BuildEnvironment, "baseDir">): string =>
  isAbsolute(path) ? path : resolve(baseDir, path);
