import type { Progress } from "../../runtime/progress.ts";

/** Progress of a download in bytes, with what a display would otherwise have to work out. */
export interface DownloadProgress extends Progress {
  readonly total: number;
  /** Mean over this call, leaving out what an earlier one had fetched. */
  readonly bytesPerSecond: number;
  readonly etaSeconds: number;
}

export interface DownloadOptions {
  /** Where the file goes; its folder is made. */
  readonly target: string;
  /** What the content must be, as 64 hexadecimal digits. */
  readonly sha256: string;
  /** How long it must be. */
  readonly bytes: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `createFetch()`, which uses a proxy where the environment names one. */
  readonly fetch?: typeof fetch;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /** Tries before giving up on a busy or broken server. Default 5. */
  readonly attempts?: number;
  /** A connection that sends nothing for so long counts as broken. Default 30 s. */
  readonly stallMs?: number;
  /** Waits between tries; injected by tests. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}
