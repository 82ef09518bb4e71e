import { CallsignError } from "@callsign/audio/internal";

import type { CorpusFiles } from "../files/corpus-files.ts";
import type { HubRepository } from "../hub/hub-access.ts";
import { openHubFiles } from "../hub/hub-files.ts";
import { openLocalFiles } from "../files/local-files.ts";
import type { Layout, LayoutContext } from "./batch.ts";
import { readMozillaArchive } from "./layouts/mozilla-archive.ts";
import { findMozillaFolder, readMozillaFolder } from "./layouts/mozilla-folder.ts";
import { findParquetShards, readParquetLayout } from "./layouts/parquet-layout.ts";
import { findTarShards, readTarLayout } from "./layouts/tar-layout.ts";

/** A corpus with its layout. */
export interface OpenCorpus {
  readonly layout: Layout;
  /** Commit it was read at; empty for a local corpus. */
  readonly revision: string;
}

/** Opens a local corpus: packed, in Mozilla's folders, or a copy of a hub repository. @throws CallsignError CORPUS_EMPTY */
export async function openLocalCorpus(
  path: string,
  { isArchive, ...context }: LayoutContext & { readonly isArchive: boolean },
): Promise<OpenCorpus> {
  if (isArchive) return { layout: readMozillaArchive(path, context), revision: "" };
  const folder = await findMozillaFolder(path, context.language);
  if (folder !== undefined) return { layout: readMozillaFolder(folder, context), revision: "" };
  const files = openLocalFiles(path);
  const layout = await findLayout(files, context);
  if (layout !== undefined) return { layout, revision: "" };
  throw new CallsignError("CORPUS_EMPTY", `${path}: ${nothingFound(context)}, nor ${context.language}/clips`);
}

/**
 * Opens a corpus on a hub. @throws CallsignError CORPUS_EMPTY, which for Mozilla's own repositories says where the data is;
 * HUB_UNAUTHORIZED, HUB_NOT_FOUND, HUB_RATE_LIMITED, DOWNLOAD_FAILED
 */
export async function openHubCorpus(hub: HubRepository, context: LayoutContext): Promise<OpenCorpus> {
  const hint = hub.repository.startsWith("mozilla-foundation/") ? `. ${EMPTIED}` : "";
  const files = await openHubFiles(hub).catch((cause: unknown) => {
    if (hint === "" || !(cause instanceof CallsignError) || !GONE.has(cause.code)) throw cause;
    throw new CallsignError(cause.code, `${cause.message}${hint}`, { cause });
  });
  const layout = await findLayout(files, context);
  if (layout !== undefined) return { layout, revision: files.revision };
  throw new CallsignError(
    "CORPUS_EMPTY",
    `${hub.repository}@${hub.revision}: ${nothingFound(context)}${hint}`,
  );
}

async function findLayout(files: CorpusFiles, context: LayoutContext): Promise<Layout | undefined> {
  const parquet = await findParquetShards(files, context);
  if (parquet.length > 0) return readParquetLayout(files, parquet, context);
  const tars = await findTarShards(files, context);
  return tars.length > 0 ? readTarLayout(files, tars, context) : undefined;
}

const nothingFound = ({ language, subset }: LayoutContext): string =>
  `no data for language ${language}, subset ${subset}: neither ${language}/${subset}/*.parquet nor audio/${language}/${subset}/*.tar`;

const GONE = new Set(["HUB_NOT_FOUND", "HUB_UNAUTHORIZED"]);

/** The repository's own notice; the mirrors keep the layouts this source reads. */
const EMPTIED =
  "Mozilla emptied its Common Voice repositories on the hub in October 2025. " +
  "Use a mirror (repository: fixie-ai/common_voice_17_0, or fsicoli/common_voice_17_0), or download the corpus from " +
  "Mozilla Data Collective (https://datacollective.mozillafoundation.org) and name its folder or tar.gz (path: ...)";
