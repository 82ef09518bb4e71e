import { dirname, join } from "node:path";
import { mkdir } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { sha256File } from "@callsign/infer/node/internal";

import type { JobFile } from "./job.ts";
import { type ArtifactStore, blobKey, damagedBlob, missingBlob } from "./store/artifact-store.ts";

/** Transfers at a time. */
const AT_ONCE = 16;

/**
 * Copies files of a job into a folder and checks them.
 * @throws CallsignError `STORE_FAILED`, `CHECKSUM_MISMATCH` (what is damaged is removed from the store), `PROTOCOL_INVALID`
 */
export async function fetchFiles(
  store: ArtifactStore,
  { files, folder }: { readonly files: readonly JobFile[]; readonly folder: string },
): Promise<void> {
  await each(files, async ({ path, sha256 }) => {
    const to = join(folder, checkedPath(path));
    await mkdir(dirname(to), { recursive: true });
    if (!(await store.fetch(blobKey(sha256), to))) throw missingBlob(store, sha256);
    if ((await sha256File(to)) === sha256) return;
    await store.remove(blobKey(sha256));
    throw damagedBlob(store, sha256);
  });
}

/** Puts files into the store that are not there yet. `known` receives the hashes of all that are. */
export async function sendFiles(
  store: ArtifactStore,
  {
    files,
    folder,
    known,
  }: { readonly files: readonly JobFile[]; readonly folder: string; readonly known: Set<string> },
): Promise<void> {
  const missing = files.filter(({ sha256 }) => !known.has(sha256));
  await each(missing, async ({ path, sha256 }) => {
    if (!(await store.has(blobKey(sha256)))) await store.send(blobKey(sha256), join(folder, path));
    known.add(sha256);
  });
}

/** A job may not write outside its folder. */
function checkedPath(path: string): string {
  const parts = path.split("/");
  if (!/[\\\0]|^[a-zA-Z]:/.test(path) && parts.every((part) => part !== "" && part !== "." && part !== ".."))
    return path;
  throw new CallsignError(
    "PROTOCOL_INVALID",
    `job: expected a path inside its folder, got ${JSON.stringify(path)}`,
  );
}

async function each<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await run(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
}
