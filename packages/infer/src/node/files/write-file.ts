import { randomBytes } from "node:crypto";
import { appendFile, mkdir, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import { writeError } from "./write-error.ts";

/**
 * Writes a file atomically: readers, and reruns after a kill, find the old or the new content, never a part. A missing folder is
 * created; a link is followed, not replaced. Content in pieces is written piece by piece.
 * @throws CallsignError `FILE_WRITE_FAILED` with the path, `ABORTED`; the file is then unchanged
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | AsyncIterable<string | Uint8Array>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  let temporary: string | undefined;
  try {
    signal?.throwIfAborted();
    await mkdir(dirname(path), { recursive: true });
    const target = await realpath(path).catch(() => path);
    const there = await stat(target).catch(() => undefined);
    // A device or pipe (`/dev/null`, `/dev/stdout`) is written directly: a rename would replace it by a file.
    if (there !== undefined && !there.isFile() && !there.isDirectory()) {
      await writeFile(target, data, { flag: "w", ...(signal && { signal }) });
      return;
    }
    // In the same folder, since a rename cannot cross file systems, under a short name, since the target's may have the maximum length.
    temporary = join(dirname(target), `.${randomBytes(9).toString("hex")}.tmp`);
    await writeAndSync(temporary, data, signal);
    await rename(temporary, target);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    if (signal?.aborted) throw new CallsignError("ABORTED", `${path}: writing was interrupted`, { cause });
    throw writeError(path, cause);
  }
}

/** Appends to a file; a missing file or folder is created. @throws CallsignError `FILE_WRITE_FAILED` with the path */
export async function appendToFile(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, text);
  } catch (cause) {
    throw writeError(path, cause);
  }
}

async function writeAndSync(
  path: string,
  data: Parameters<typeof writeFileAtomic>[1],
  signal?: AbortSignal,
): Promise<void> {
  const file = await open(path, "wx");
  try {
    await writeFile(file, data, { ...(signal && { signal }) });
    // Without this a power failure after the rename could leave an empty file.
    await file.sync();
  } finally {
    await file.close();
  }
}
