import { CallsignError } from "@callsign/audio/internal";

import { createRandom } from "../../../random.ts";
import { readArchive } from "../../files/archive-entries.ts";
import type { CorpusFile, CorpusFiles } from "../../files/corpus-files.ts";
import { isClip, readArchiveAudio } from "../archive-audio.ts";
import type { LayoutContext, RowBatch } from "../batch.ts";
import { pooledRows } from "../table-rows.ts";
import { clipName } from "../transcript.ts";

/** The archives of a subset: `audio/<language>/<subset>/*.tar`, as mozilla-foundation and fsicoli publish them. */
export async function findTarShards(
  files: CorpusFiles,
  { language, subset }: { readonly language: string; readonly subset: string },
): Promise<CorpusFile[]> {
  const listed = await files.list(`audio/${language}/${subset}`);
  return listed.filter(({ path }) => /\.tar(\.gz)?$/.test(path));
}

/**
 * Clips of tar archives with one transcript table beside them. A tar has no index, so whole archives are downloaded, one
 * at a time in a seeded order, and only as many as needed.
 */
export async function* readTarLayout(
  files: CorpusFiles,
  shards: readonly CorpusFile[],
  context: LayoutContext,
): AsyncGenerator<RowBatch> {
  const transcript = await fetchTranscript(files, context);
  const { signal } = context;
  let onFault = context.onFault;
  for (const shard of createRandom(context.seed).fork("tar").shuffle(shards)) {
    const path = await files.fetchWhole(shard);
    const only = await listClips(path, signal);
    for await (const rows of pooledRows({ transcript }, { ...context, onFault, only }))
      yield { rows, readAudio: (taken) => readArchiveAudio(taken, { path, name: shard.path, signal }) };
    // The table is read once for each archive; its faulty lines are reported once.
    onFault = undefined;
  }
}

async function fetchTranscript(files: CorpusFiles, { language, subset }: LayoutContext): Promise<string> {
  const path = `transcript/${language}/${subset}.tsv`;
  const listed = await files.list(`transcript/${language}`);
  const table = listed.find((file) => file.path === path);
  if (table !== undefined) return files.fetchWhole(table);
  const has = listed.map((file) => file.path).join(", ") || "nothing";
  throw new CallsignError(
    "CORPUS_EMPTY",
    `${files.name}: expected ${path} beside the archives; there is ${has}`,
  );
}

async function listClips(path: string, signal: AbortSignal | undefined): Promise<Set<string>> {
  const clips = new Set<string>();
  for await (const entry of readArchive(path, { signal })) if (isClip(entry)) clips.add(clipName(entry.name));
  return clips;
}
