import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  downloadFile as fetchHubFile,
  HubApiError,
  type ListFileEntry,
  listFiles,
  modelInfo,
} from "@huggingface/hub";
import { CallsignError } from "@callsign/audio/internal";
import {
  createFetch,
  downloadFile,
  type DownloadProgress,
  writeFileAtomic,
} from "@callsign/infer/node/internal";

/** How a hub is reached. */
export interface HubOptions {
  /** Default https://huggingface.co. */
  readonly hubUrl?: string;
  readonly accessToken?: string;
  /** Branch, tag or commit. Default main. */
  readonly revision?: string;
  /** Default `createFetch()`. */
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/**
 * A model repository of the hub as a local folder, one for each commit. Files are checked against the hashes the hub
 * lists; files that exist are not downloaded again, and an interrupted download continues. If the revision is a commit that was
 * downloaded completely, the hub is not contacted; for another revision without a network, the folder of the last download is used.
 * @returns the folder
 * @throws CallsignError `DOWNLOAD_FAILED`, `CHECKSUM_MISMATCH`, `FILE_WRITE_FAILED`, `ABORTED`
 */
export async function downloadModelFolder(
  id: string,
  options: HubOptions & { readonly cacheDir: string },
): Promise<string> {
  const hub = {
    ...(options.hubUrl !== undefined && { hubUrl: options.hubUrl }),
    ...(options.accessToken !== undefined && { accessToken: options.accessToken }),
    fetch: options.fetch ?? createFetch(),
  };
  const models = join(options.cacheDir, "models", id.replace("/", "--"));
  const revision = options.revision ?? "main";
  const kept = join(models, `${encodeURIComponent(revision)}.commit`);
  // A commit does not change.
  if (COMMIT.test(revision) && (await stat(kept).catch(() => undefined))) return join(models, revision);
  try {
    const { sha } = await modelInfo({
      ...hub,
      name: id,
      revision,
      additionalFields: ["sha"],
    });
    const folder = join(models, checkCommit(sha, id));
    for await (const entry of listFiles({ ...hub, repo: id, revision: sha, recursive: true })) {
      if (entry.type !== "file" || !isWanted(entry.path)) continue;
      if (options.signal?.aborted) throw new CallsignError("ABORTED", `${id}: download stopped`);
      const target = join(folder, checkPath(entry.path, id));
      if ((await stat(target).catch(() => undefined))?.size === entry.size) continue;
      await (entry.lfs
        ? fetchLarge(entry, { ...options, id, sha, target })
        : fetchSmall(entry, { hub, id, sha, target }));
    }
    await writeFileAtomic(kept, sha);
    await writeFileAtomic(join(models, `${sha}.commit`), sha);
    return folder;
  } catch (cause) {
    if (cause instanceof CallsignError) throw cause;
    const status = cause instanceof HubApiError ? cause.statusCode : undefined;
    const commit = status === undefined ? await readFile(kept, "utf8").catch(() => undefined) : undefined;
    if (commit !== undefined) return join(models, checkCommit(commit, id));
    throw new CallsignError(
      "DOWNLOAD_FAILED",
      `${id}: cannot be had from the hub: ${String(cause)}${status === 401 ? "; is an access token needed?" : ""}; or ` +
        "download it elsewhere and name the folder",
      { cause },
    );
  }
}

/** Quantized copies, samples and pictures stay where they are. */
const isWanted = (path: string): boolean =>
  !/(\.int8\.onnx|\.fp16\.onnx|\.wav|\.mp3|\.png|\.gitattributes|\.py|\.sh)$/.test(path);

interface Target {
  readonly id: string;
  readonly sha: string;
  readonly target: string;
}

/** A large file, by the sha256 that Git LFS names it by. */
async function fetchLarge({ path, lfs, size }: ListFileEntry, options: HubOptions & Target): Promise<void> {
  const { id, sha, target, accessToken, hubUrl = "https://huggingface.co" } = options;
  await downloadFile(`${hubUrl}/${id}/resolve/${sha}/${path.split("/").map(encodeURIComponent).join("/")}`, {
    target,
    sha256: lfs!.oid.replace("sha256:", ""),
    bytes: size,
    ...(accessToken !== undefined && { headers: { authorization: `Bearer ${accessToken}` } }),
    fetch: options.fetch ?? createFetch(),
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
}

/** A small one, by its Git object id. */
async function fetchSmall(
  { path, oid }: ListFileEntry,
  options: Target & { readonly hub: object },
): Promise<void> {
  const { hub, id, sha, target } = options;
  const blob = await fetchHubFile({ ...hub, repo: id, path, revision: sha });
  const bytes = new Uint8Array((await blob?.arrayBuffer()) ?? []);
  const found = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  if (found !== oid) {
    throw new CallsignError(
      "CHECKSUM_MISMATCH",
      `${id}/${path}: expected Git object ${oid}, got ${found}; try again`,
    );
  }
  await writeFileAtomic(target, bytes);
}

const COMMIT = /^[0-9a-f]{40}$/;

function checkCommit(sha: string, id: string): string {
  if (COMMIT.test(sha)) return sha;
  throw new CallsignError(
    "DOWNLOAD_FAILED",
    `${id}: expected a commit from the hub, got ${JSON.stringify(sha)}`,
  );
}

/** A path from outside must not lead out of the folder. */
function checkPath(path: string, id: string): string {
  const parts = path.split("/");
  if (
    !path.includes("\\") &&
    !path.includes("\0") &&
    parts.every((part) => part !== "" && part !== "." && part !== "..")
  )
    return path;
  throw new CallsignError(
    "DOWNLOAD_FAILED",
    `${id}: the hub lists the path ${JSON.stringify(path)}, which leads elsewhere`,
  );
}
