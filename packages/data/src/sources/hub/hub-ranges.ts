import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { writeFileAtomic } from "@callsign/infer/node/internal";

import type { CorpusFile, RangeReader } from "../files/corpus-files.ts";
import { createHubFetch, type HubRepository, requireSuccess, withRetries } from "./hub-access.ts";

/**
 * Parts of a file on a hub. What was read once is kept in `folder`, which must belong to this very content: a run that
 * is repeated or continued asks the hub for nothing twice.
 */
export function openHubRanges(
  hub: HubRepository,
  { file, folder }: { readonly file: CorpusFile; readonly folder: string },
): RangeReader {
  const slice = async (start: number, end = file.size): Promise<ArrayBuffer> =>
    Uint8Array.from(await readFile(await keepHubRange(hub, { file, folder, start, end }))).buffer;
  return { byteLength: file.size, slice };
}

/** Path of a part of a file on a hub in `folder`, as `openHubRanges` keeps it. */
export async function keepHubRange(
  hub: HubRepository,
  { folder, ...range }: HubRange & { readonly folder: string },
): Promise<string> {
  const { start, end } = range;
  const path = join(folder, `${start}-${end}.part`);
  if ((await stat(path).catch(() => undefined))?.size === end - start) return path;
  const bytes = await fetchHubRange(hub, range);
  await writeFileAtomic(path, new Uint8Array(bytes), { ...(hub.signal && { signal: hub.signal }) });
  return path;
}

interface HubRange {
  readonly file: CorpusFile;
  readonly start: number;
  readonly end: number;
}

/** The bytes of a file on a hub from `start` up to `end`. @throws CallsignError as the hub's answers do */
export async function fetchHubRange(
  hub: HubRepository,
  { file, start, end }: HubRange,
): Promise<ArrayBuffer> {
  if (start === end) return new ArrayBuffer(0);
  const url = resolveUrl(hub, file.path);
  const place = `${hub.repository}/${file.path}`;
  const get = createHubFetch(hub, place);
  return withRetries(hub, `${place} bytes ${start}-${end - 1}`, async () => {
    const range = `bytes=${start}-${end - 1}`;
    const response = await requireSuccess(
      await get(url, { headers: { range, "accept-encoding": "identity" } }),
    );
    return rangeBody(response, { place, start, end });
  });
}

/** URL of the content of a file. */
export const resolveUrl = ({ endpoint, repository, revision }: HubRepository, path: string): string =>
  `${endpoint.replace(/\/+$/, "")}/datasets/${repository}/resolve/${revision}/${path.split("/").map(encodeURIComponent).join("/")}`;

async function rangeBody(
  response: Response,
  { place, start, end }: { readonly place: string; readonly start: number; readonly end: number },
): Promise<ArrayBuffer> {
  const got = response.headers.get("content-range") ?? "";
  if (response.status !== 206 || !got.startsWith(`bytes ${start}-${end - 1}/`)) {
    await response.body?.cancel();
    throw new CallsignError(
      "DOWNLOAD_FAILED",
      `${place}: expected bytes ${start}-${end - 1} (HTTP 206), got HTTP ${response.status} ${got}; the server does not serve parts of files`,
    );
  }
  const body = await response.arrayBuffer();
  if (body.byteLength === end - start) return body;
  throw new Error(`the connection ended after ${body.byteLength} of ${end - start} bytes`);
}
