import { randomBytes } from "node:crypto";
import { mkdir, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CallsignError } from "../errors.ts";
import { writeError } from "./write-error.ts";

/**
 * Writes a whole file in one step as others see it: a reader, or a rerun after a kill, finds the old content or the
 * new one, never half. The folder is made if it is missing; a link is followed, not replaced.
 * @throws CallsignError `FILE_WRITE_FAILED` with the path, `ABORTED`; the file is then as it was
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  let temporary: string | undefined;
  try {
    signal?.throwIfAborted();
    await mkdir(dirname(path), { recursive: true });
    const target = await realpath(path).catch(() => path);
    const there = await stat(target).catch(() => undefined);
    // A device or a pipe (`/dev/null`, `/dev/stdout`) is written to: a rename would put a file in its place.
    if (there !== undefined && !there.isFile() && !there.isDirectory()) {
      await writeFile(target, data, { flag: "w", ...(signal && { signal }) });
      return;
    }
    // In the same folder, since a rename cannot cross file systems; its own short name, since the target's may be of the longest kind.
    temporary = join(dirname(target), `.${randomBytes(9).toString("hex")}.tmp`);
    await writeAndSync(temporary, data, signal);
    await rename(temporary, target);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    if (signal?.aborted) throw new CallsignError("ABORTED", `${path}: writing was interrupted`, { cause });
    throw writeError(path, cause);
  }
}

async function writeAndSync(path: string, data: string | Uint8Array, signal?: AbortSignal): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(data, { ...(signal && { signal }) });
    // Else a power cut after the rename could leave the new name with the content missing.
    await file.sync();
  } finally {
    await file.close();
  }
}
