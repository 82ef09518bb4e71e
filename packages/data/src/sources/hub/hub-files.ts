import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { downloadFile, writeFileAtomic } from "@callsign/infer/node/internal";

import type { BytePlace, ByteRange, CorpusFile, CorpusFiles } from "../files/corpus-files.ts";
import { createHubFetch, type HubRepository } from "./hub-access.ts";
import { type HubFile, listHubFiles, repositoryFolder, resolveCommit } from "./hub-listing.ts";
import { fetchHubRange, keepHubRange, openHubRanges, resolveUrl } from "./hub-ranges.ts";

/**
 * The files of a dataset on a hub (Hugging Face, or any endpoint that speaks its protocol). What was read once is kept, so
 * that a later run reads the same without the network.
 * @throws CallsignError HUB_UNAUTHORIZED, HUB_NOT_FOUND, HUB_RATE_LIMITED, DOWNLOAD_FAILED, ABORTED
 */
export async function openHubFiles(hub: HubRepository): Promise<CorpusFiles> {
  const commit = await resolveCommit(hub);
  const pinned = { ...hub, revision: commit };
  const listed = new Map<string, HubFile>();
  const known = (file: CorpusFile): HubFile =>
    listed.get(file.path) ?? { ...file, sha256: undefined, oid: undefined };
  return {
    name: hub.repository,
    revision: commit,
    list: async (folder) => {
      const files = await listHubFiles(pinned, folder);
      for (const file of files) listed.set(file.path, file);
      return files;
    },
    openRanges: async (file) => openHubRanges(pinned, { file, folder: contentFolder(pinned, known(file)) }),
    fetchWhole: async (file) => fetchWhole(pinned, known(file)),
    fetchRange: async (file, range) => fetchRange(pinned, { ...range, file: known(file) }),
  };
}

/** A part of a file, taken from the whole one if that was downloaded before. */
async function fetchRange(
  hub: HubRepository,
  { file, ...range }: ByteRange & { readonly file: HubFile },
): Promise<BytePlace> {
  const folder = contentFolder(hub, file);
  const whole = join(folder, basename(file.path));
  if (await hasSize(whole, file.size)) return { path: whole, byte: range.start };
  return { path: await keepHubRange(hub, { ...range, file, folder }), byte: 0 };
}

const hasSize = async (path: string, bytes: number): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.size === bytes;

async function fetchWhole(hub: HubRepository, file: HubFile): Promise<string> {
  const target = join(contentFolder(hub, file), basename(file.path));
  // A file is renamed to `target` only after its hash was checked, so its length is sufficient here.
  if (await hasSize(target, file.size)) return target;
  if (file.sha256 === undefined) await downloadSmall(hub, file, target);
  else await downloadLarge(hub, { ...file, sha256: file.sha256 }, target);
  return target;
}

/** Cache folder of a file, named by its content, so it never goes stale. */
function contentFolder(hub: HubRepository, file: HubFile): string {
  const content = file.sha256 ?? file.oid;
  if (content !== undefined && /^[0-9a-f]{40,64}$/.test(content)) return join(repositoryFolder(hub), content);
  const place = `${hub.repository}/${file.path}`;
  throw new CallsignError("DOWNLOAD_FAILED", `${place}: the hub gives no hash of its content to know it by`);
}

/** A file in large-file storage: resumable, verified by sha256. */
async function downloadLarge(
  hub: HubRepository,
  file: HubFile & { sha256: string },
  target: string,
): Promise<void> {
  const { signal, onProgress, sleep, attempts } = hub;
  try {
    await downloadFile(resolveUrl(hub, file.path), {
      target,
      sha256: file.sha256,
      bytes: file.size,
      fetch: createHubFetch(hub, `${hub.repository}/${file.path}`),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
      ...(sleep && { sleep }),
      ...(attempts !== undefined && { attempts }),
    });
  } catch (error) {
    // `createHubFetch`, called by the downloader, has explained the hub's refusal already.
    if (error instanceof Error && error.cause instanceof CallsignError) throw error.cause;
    throw error;
  }
}

/** A file stored in git: at most ten megabytes on a hub, so it is read at once and verified by git's hash. */
async function downloadSmall(hub: HubRepository, file: HubFile, target: string): Promise<void> {
  const place = `${hub.repository}/${file.path}`;
  if (file.size > MOST_SMALL_BYTES)
    throw new CallsignError(
      "DOWNLOAD_FAILED",
      `${place}: ${file.size} bytes without a sha256; expected at most ${MOST_SMALL_BYTES}`,
    );
  const bytes = new Uint8Array(await fetchHubRange(hub, { file, start: 0, end: file.size }));
  const oid = createHash("sha1").update(`blob ${file.size}\0`).update(bytes).digest("hex");
  if (oid !== file.oid)
    throw new CallsignError(
      "CHECKSUM_MISMATCH",
      `${place}: expected git object ${file.oid}, got ${oid}; something on the way changed it`,
    );
  await writeFileAtomic(target, bytes, { ...(hub.signal && { signal: hub.signal }) });
}

const MOST_SMALL_BYTES = 64 << 20;
