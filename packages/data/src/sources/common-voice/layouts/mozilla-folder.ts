import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";

import type { EncodedClip, LayoutContext, RowBatch } from "../batch.ts";
import type { ClipRow } from "../clip-row.ts";
import { pooledRows } from "../table-rows.ts";

/**
 * The folder of a language in a corpus as Mozilla ships it, `cv-corpus-VERSION/<language>` with `clips/` and tables: `root`
 * may be that folder, the corpus, or the folder above. Undefined if there is none.
 */
export async function findMozillaFolder(root: string, language: string): Promise<string | undefined> {
  const inside = (await readdir(root).catch(() => []))
    .filter((name) => name.startsWith("cv-corpus-"))
    .toSorted();
  // The newest corpus first: the names count up.
  const candidates = [
    root,
    join(root, language),
    ...inside.toReversed().map((name) => join(root, name, language)),
  ];
  for (const folder of candidates)
    if ((await stat(join(folder, "clips")).catch(() => undefined))?.isDirectory()) return folder;
  return undefined;
}

/** Clips of a corpus on disk, one mp3 per clip. */
export async function* readMozillaFolder(folder: string, context: LayoutContext): AsyncGenerator<RowBatch> {
  const transcript = join(folder, `${context.subset}.tsv`);
  const durations = join(folder, "clip_durations.tsv");
  await requireTable(transcript, folder);
  const tables = { transcript, durations: (await isThere(durations)) ? durations : undefined };
  for await (const rows of pooledRows(tables, context))
    yield { rows, readAudio: (taken) => readClips(folder, taken) };
}

async function* readClips(folder: string, rows: readonly ClipRow[]): AsyncGenerator<EncodedClip> {
  for (const row of rows) {
    const file = `clips/${row.clip}`;
    yield { row, found: { file }, read: () => readClipFile(join(folder, file), row) };
  }
}

async function readClipFile(path: string, { place }: ClipRow): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${place}: cannot read ${path}: ${reason}`, { cause });
  }
}

async function requireTable(transcript: string, folder: string): Promise<void> {
  if (await isThere(transcript)) return;
  const tables = (await readdir(folder)).filter((name) => name.endsWith(".tsv")).toSorted();
  const has = tables.length > 0 ? tables.map((name) => name.slice(0, -".tsv".length)).join(", ") : "none";
  throw new CallsignError("CORPUS_EMPTY", `${transcript}: no such table; subsets there: ${has}`);
}

const isThere = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;
