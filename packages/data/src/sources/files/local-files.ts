import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";

import { byPath, type CorpusFile, type CorpusFiles, type RangeReader } from "./corpus-files.ts";

/** A corpus in a folder of this machine. */
export function openLocalFiles(root: string): CorpusFiles {
  return {
    name: root,
    revision: "",
    list: (folder) => listFiles(root, folder),
    openRanges: async ({ path }) => openFileRanges(join(root, path)),
    fetchWhole: async ({ path }) => join(root, path),
    fetchRange: async ({ path }, { start }) => ({ path: join(root, path), byte: start }),
  };
}

/** Reads parts of a file on this machine. @throws CallsignError FILE_NOT_FOUND */
async function openFileRanges(path: string): Promise<RangeReader> {
  const { size } = await onFile(path, () => stat(path));
  return {
    byteLength: size,
    slice: (start, end = size) =>
      onFile(path, async () => {
        const file = await open(path);
        try {
          const bytes = new Uint8Array(end - start);
          const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
          if (bytesRead === bytes.length) return bytes.buffer;
          throw new Error(`expected ${bytes.length} bytes at byte ${start}, got ${bytesRead}`);
        } finally {
          await file.close();
        }
      }),
  };
}

async function listFiles(root: string, folder: string): Promise<CorpusFile[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const found: CorpusFile[] = [];
  for (const entry of entries) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await listFiles(root, path)));
    else found.push({ path, size: (await stat(join(root, path))).size });
  }
  return found.toSorted(byPath);
}

async function onFile<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read: ${reason}`, { cause });
  }
}
