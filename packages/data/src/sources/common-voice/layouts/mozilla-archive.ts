import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { CallsignError } from "@callsign/audio/internal";

import { type ArchiveEntry, readArchive } from "../../files/archive-entries.ts";
import { readArchiveAudio } from "../archive-audio.ts";
import type { LayoutContext, RowBatch } from "../batch.ts";
import { pooledRows, type Tables } from "../table-rows.ts";

/**
 * Clips of a packed corpus as Mozilla ships it (`cv-corpus-VERSION-LANGUAGE.tar.gz`). Only the tables are unpacked, to a
 * temporary folder; chosen clips are read from the archive, in one pass for each round of choosing.
 */
export async function* readMozillaArchive(path: string, context: LayoutContext): AsyncGenerator<RowBatch> {
  const folder = await makeTemporaryFolder();
  try {
    const tables = await unpackTables(path, { ...context, folder });
    const { signal } = context;
    for await (const rows of pooledRows(tables, context))
      yield { rows, readAudio: (taken) => readArchiveAudio(taken, { path, name: basename(path), signal }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackTables(
  path: string,
  { folder, language, subset, signal }: LayoutContext & { readonly folder: string },
): Promise<Tables> {
  const seen: string[] = [];
  const found = new Map<string, string>();
  const wanted = [`${subset}.tsv`, "clip_durations.tsv"];
  for await (const entry of readArchive(path, { signal })) {
    const [table = "", parent] = entry.name.split("/").toReversed();
    if (!table.endsWith(".tsv") || parent !== language) continue;
    seen.push(table);
    if (!wanted.includes(table) || found.has(table)) continue;
    found.set(table, await unpack(entry, join(folder, table)));
    if (found.size === wanted.length) break;
  }
  const transcript = found.get(`${subset}.tsv`);
  if (transcript === undefined) {
    const has = seen.length > 0 ? seen.join(", ") : "none";
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${path}: expected ${language}/${subset}.tsv in it; tables of ${language}: ${has}`,
    );
  }
  return { transcript, durations: found.get("clip_durations.tsv") };
}

async function unpack(entry: ArchiveEntry, target: string): Promise<string> {
  try {
    await pipeline(Readable.from(entry.chunks()), createWriteStream(target));
    return target;
  } catch (cause) {
    throw cause instanceof CallsignError ? cause : cannotWrite(target, cause);
  }
}

const makeTemporaryFolder = async (): Promise<string> => {
  const prefix = join(tmpdir(), "callsign-corpus-");
  return mkdtemp(prefix).catch((cause: unknown) => {
    throw cannotWrite(prefix, cause);
  });
};

function cannotWrite(target: string, cause: unknown): CallsignError {
  const full =
    cause instanceof Error && "code" in cause && cause.code === "ENOSPC" ? "the disk is full: " : "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${target}: cannot unpack the corpus's tables: ${full}${reason}; TMPDIR names another folder`;
  return new CallsignError("FILE_WRITE_FAILED", message, { cause });
}
