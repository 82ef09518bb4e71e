import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";

import { byPath, type CorpusFile } from "../files/corpus-files.ts";
import { createHubFetch, type HubRepository, requireSuccess, withRetries } from "./hub-access.ts";

/** A file as a hub lists it. */
export interface HubFile extends CorpusFile {
  /** sha256 of the content, for files in large-file storage. */
  readonly sha256: string | undefined;
  /** Git's name for the content: for small files, the SHA-1 of it. */
  readonly oid: string | undefined;
}

/** Cache folder of a repository. */
export const repositoryFolder = ({ cacheDir, repository }: HubRepository): string =>
  join(cacheDir, "hub", repository.replaceAll("/", "--"));

/** Commit of a revision; without a network, the commit of the last request. */
export async function resolveCommit(hub: HubRepository): Promise<string> {
  const path = join(repositoryFolder(hub), "revisions", `${encodeURIComponent(hub.revision)}.json`);
  try {
    const commit = await askCommit(hub);
    await keep(path, commit);
    return commit;
  } catch (error) {
    const kept = isUnreachable(error) ? await readKept<string>(path) : undefined;
    if (kept === undefined) throw error;
    return kept;
  }
}

/** Files in a folder of a commit. Cached, since a commit does not change. Empty if there is no such folder. */
export async function listHubFiles(hub: HubRepository, folder: string): Promise<HubFile[]> {
  const path = join(repositoryFolder(hub), "listings", hub.revision, `${encodeURIComponent(folder)}.json`);
  const kept = await readKept<HubFile[]>(path);
  if (kept !== undefined) return kept;
  const files = await askFiles(hub, folder);
  await keep(path, files);
  return files;
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof CallsignError && error.code === "DOWNLOAD_FAILED";

const keep = (path: string, answer: unknown): Promise<void> => writeFileAtomic(path, JSON.stringify(answer));

async function readKept<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

async function askCommit(hub: HubRepository): Promise<string> {
  const place = `${hub.repository}@${hub.revision}`;
  const { datasetInfo } = await import("@huggingface/hub");
  const info = await withRetries(hub, place, () =>
    datasetInfo({
      name: hub.repository,
      revision: hub.revision,
      hubUrl: hub.endpoint,
      additionalFields: ["sha"],
      fetch: retryable(createHubFetch(hub, place)),
    }),
  );
  if (typeof info.sha === "string" && /^[0-9a-f]{7,64}$/.test(info.sha)) return info.sha;
  throw new CallsignError(
    "DOWNLOAD_FAILED",
    `${place}: expected the hub to name a commit, got ${JSON.stringify(info.sha)}`,
  );
}

async function askFiles(hub: HubRepository, folder: string): Promise<HubFile[]> {
  const place = `${hub.repository}/${folder}`;
  const { listFiles } = await import("@huggingface/hub");
  const collect = async (): Promise<HubFile[]> => {
    const files: HubFile[] = [];
    const pages = listFiles({
      repo: { type: "dataset", name: hub.repository },
      revision: hub.revision,
      path: folder,
      recursive: true,
      hubUrl: hub.endpoint,
      fetch: retryable(createHubFetch(hub, place)),
    });
    for await (const { type, path, size, oid, lfs } of pages) {
      if (type === "file") files.push({ path, size: lfs?.size ?? size, sha256: lfs?.oid, oid });
      if (files.length > MOST_FILES)
        throw new CallsignError("DOWNLOAD_FAILED", `${place}: more than ${MOST_FILES} files`);
    }
    return files.toSorted(byPath);
  };
  try {
    return await withRetries(hub, place, collect);
  } catch (error) {
    // The repository was found before, so what is missing is the folder.
    if (error instanceof CallsignError && error.code === "HUB_NOT_FOUND") return [];
    throw error;
  }
}

/** Largest number of files listed, so that an endless listing ends. */
const MOST_FILES = 200_000;

/** Turns busy responses into errors before the hub's client sees them, so that `withRetries` knows how long to wait. */
const retryable =
  (get: typeof fetch): typeof fetch =>
  async (input, init) =>
    requireSuccess(await get(input, init));
