import { mkdir, rm, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CallsignError } from "@callsign/audio/internal";
import { receive, Retry } from "./download-attempt.ts";
import type { DownloadOptions } from "./download-options.ts";
import { claimPartFile } from "./part-file.ts";
import { sha256File } from "../files/sha256.ts";
import { writeError } from "../files/write-error.ts";

/**
 * Downloads a file whose content is known by its sha256. It is written under a temporary name and gets its own only
 * when it is whole and verified. A download that was broken off, by this process or one that died, is continued.
 * Busy servers (429 with Retry-After, 5xx) and broken connections are tried again with growing pauses.
 * @throws CallsignError `DOWNLOAD_FAILED`, `CHECKSUM_MISMATCH`, `FILE_WRITE_FAILED`, `ABORTED`
 */
// By hand: `downloadFileToCacheDir` of @huggingface/hub 2.17.5 starts a broken download anew, does not try again after
// 429, accepts a file with a changed byte, and has no progress and no signal (measured against a local server), and it
// installs 6.2 MB for the 0.02 MB of this folder. Both need undici for HTTPS_PROXY.
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
