import { mkdir, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CallsignError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { receive, Retry } from "./download-attempt.ts";
import { claimPartFile } from "./part-file.ts";
import { sha256File } from "./sha256.ts";
import { writeError } from "./write-error.ts";

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

/**
 * Downloads a file whose content is known by its sha256. It is written under a temporary name and gets its own only
 * when it is whole and verified. A download that was broken off, by this process or one that died, is continued.
 * Busy servers (429 with Retry-After, 5xx) and broken connections are tried again with growing pauses.
 * @throws CallsignError `DOWNLOAD_FAILED`, `CHECKSUM_MISMATCH`, `FILE_WRITE_FAILED`, `ABORTED`
 */
export async function downloadFile(url: string, options: DownloadOptions): Promise<void> {
  const { target, bytes, sha256, signal, attempts = 5 } = options;
  const part = await onDisk(target, async () => {
    await mkdir(dirname(target), { recursive: true });
    return claimPartFile(target);
  });
  try {
    await fill(part.path, url, { ...options, attempts });
    await verify(part.path, { url, bytes, sha256 });
    await onDisk(target, () => part.commit());
  } catch (error) {
    if (error instanceof CallsignError && error.code === "CHECKSUM_MISMATCH")
      await rm(part.path, { force: true });
    if (signal?.aborted)
      throw new CallsignError("ABORTED", `${basename(target)}: download stopped`, { cause: error });
    throw error;
  } finally {
    await part.release().catch(() => undefined);
  }
}

/** Brings the part file to its full length, trying again where that can help. */
async function fill(
  path: string,
  url: string,
  options: DownloadOptions & { attempts: number },
): Promise<void> {
  const { attempts, signal, sleep = pause } = options;
  let continued = false;
  for (let attempt = 1; ; attempt++) {
    continued ||= (await sizeOf(path)) > 0;
    try {
      await receive(path, url, options);
      // Of a continuation that came out wrong it cannot be told which part is wrong: once more, from the start.
      if (!continued || attempt >= attempts || (await sha256File(path)) === options.sha256) return;
      await rm(path, { force: true });
      continued = false;
    } catch (error) {
      if (!(error instanceof Retry)) throw error;
      if (attempt >= attempts)
        throw new CallsignError("DOWNLOAD_FAILED", `${url}: ${error.message} (tried ${attempts} times)`, {
          cause: error.cause,
        });
      await sleep(error.afterMs ?? 500 * 2 ** (attempt - 1), signal);
    }
  }
}

const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { ...(signal && { signal }) });

async function verify(
  path: string,
  { url, bytes, sha256 }: { readonly url: string; readonly bytes: number; readonly sha256: string },
): Promise<void> {
  const got = await sha256File(path);
  if (got === sha256) return;
  throw new CallsignError(
    "CHECKSUM_MISMATCH",
    `${url}: expected ${bytes} bytes with sha256 ${sha256}, got ${await sizeOf(path)} bytes with ${got}; ` +
      `the file there is another one, or something on the way changed it`,
  );
}

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;

/** Runs something that touches the disk, and says what to do where that is refused. */
async function onDisk<Result>(target: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw writeError(target, cause);
  }
}
