import { CallsignError } from "@callsign/audio/internal";

import { createRandom } from "../../../random.ts";
import type { CorpusFile, CorpusFiles } from "../../files/corpus-files.ts";
import type { EncodedClip, LayoutContext, RowBatch } from "../batch.ts";
import type { ClipRow } from "../clip-row.ts";
import {
  openParquet,
  type ParquetFile,
  type ParquetRow,
  type ParquetRowGroup,
} from "../parquet/parquet-file.ts";
import { clipName } from "../transcript.ts";

/** The shards of a subset: `<language>/<subset>/0000.parquet`, or `<language>/<subset>-00000-of-00009.parquet`. */
export async function findParquetShards(
  files: CorpusFiles,
  { language, subset }: { readonly language: string; readonly subset: string },
): Promise<CorpusFile[]> {
  const listed = await files.list(language);
  const prefixes = [`${language}/${subset}/`, `${language}/${subset}-`];
  return listed.filter(
    ({ path }) => path.endsWith(".parquet") && prefixes.some((prefix) => path.startsWith(prefix)),
  );
}

/**
 * Clips of parquet shards whose rows hold the mp3s. Shards and row groups are read in a seeded order: first the transcript
 * of a row group, then the audio of the chosen rows, page by page if the file has an index, else all audio of the group.
 */
export async function* readParquetLayout(
  files: CorpusFiles,
  shards: readonly CorpusFile[],
  context: LayoutContext,
): AsyncGenerator<RowBatch> {
  const random = createRandom(context.seed).fork("parquet");
  for (const shard of random.shuffle(shards)) {
    const name = `${files.name}/${shard.path}`;
    const parquet = await openParquet(await files.openRanges(shard), { name });
    requireColumns(parquet, name);
    for (const group of random.fork(shard.path).shuffle(parquet.rowGroups))
      yield await readRowGroup({ parquet, group, shard, name }, context);
  }
}

interface GroupPlace {
  readonly parquet: ParquetFile;
  readonly group: ParquetRowGroup;
  readonly shard: CorpusFile;
  readonly name: string;
}

interface ParquetClipRow extends ClipRow {
  readonly index: number;
}

async function readRowGroup(place: GroupPlace, { selection }: LayoutContext): Promise<RowBatch> {
  const { parquet, group, name } = place;
  const columns = TEXT_COLUMNS.filter((column) => parquet.columns.includes(column));
  const cells = await parquet.read(group, { columns });
  const rows = cells
    .map((cell, i) => describeRow(cell, { index: group.start + i, name }))
    .filter((row) => selection.suits(row))
    .map((row) => ({ row, priority: selection.priority(row) }))
    .toSorted((a, b) => a.priority - b.priority)
    .map(({ row }) => row);
  const indexOf = new Map<ClipRow, number>(rows.map((row) => [row, row.index]));
  return { rows, readAudio: (taken) => readGroupAudio(taken, { ...place, indexOf }) };
}

const REQUIRED_COLUMNS = ["client_id", "path", "audio", "sentence"];
const TEXT_COLUMNS = ["client_id", "path", "sentence", "locale"];

function requireColumns({ columns }: ParquetFile, name: string): void {
  const missing = REQUIRED_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  throw new CallsignError(
    "PARQUET_INVALID",
    `${name}: column ${missing.join(", ")} is missing; it has ${columns.join(", ")}. Is this a Common Voice corpus?`,
  );
}

function describeRow(cell: ParquetRow, { index, name }: { index: number; name: string }): ParquetClipRow {
  const place = `${name} row ${index}`;
  const text = (column: string): string => {
    const value = cell[column] ?? "";
    if (typeof value === "string") return value;
    throw new CallsignError(
      "PARQUET_INVALID",
      `${place}: column ${column}: expected text, got ${typeof value}`,
    );
  };
  return {
    clip: clipName(text("path")),
    speaker: text("client_id"),
    sentence: text("sentence"),
    locale: text("locale"),
    place,
    index,
  };
}

async function* readGroupAudio(
  taken: readonly ClipRow[],
  { parquet, group, shard, indexOf }: GroupPlace & { readonly indexOf: ReadonlyMap<ClipRow, number> },
): AsyncGenerator<EncodedClip> {
  const options = { columns: ["audio"], bytes: true };
  // Without an index any row costs the whole group, so the group is read once.
  const whole = group.indexedColumns.has("audio") ? undefined : await parquet.read(group, options);
  const ordered = taken.toSorted((a, b) => (indexOf.get(a) ?? 0) - (indexOf.get(b) ?? 0));
  for (const row of ordered) {
    const index = indexOf.get(row) ?? group.start;
    yield {
      row,
      found: { file: shard.path, row: index },
      read: async () => {
        const [cell] =
          whole?.slice(index - group.start) ??
          (await parquet.read({ start: index, end: index + 1 }, options));
        return audioBytes(cell, row.place);
      },
    };
  }
}

function audioBytes(row: ParquetRow | undefined, place: string): Uint8Array {
  const audio = row?.audio;
  const bytes: unknown =
    typeof audio === "object" && audio !== null && "bytes" in audio ? audio.bytes : undefined;
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  throw new CallsignError("AUDIO_EMPTY", `${place}: expected the mp3 in audio.bytes, got nothing`);
}
