import { CallsignError } from "@callsign/audio/internal";
import type { ColumnChunk, Compressors, FileMetaData, RowGroup } from "hyparquet";

import type { RangeReader } from "../../files/corpus-files.ts";
import { unpackSnappy } from "./unpack-snappy.ts";

/** A parquet file opened by its footer; columns are read on demand. */
export interface ParquetFile {
  readonly rowGroups: readonly ParquetRowGroup[];
  readonly columns: readonly string[];
  /** Rows `[start, end)` with the columns named. Texts are decoded, or with `bytes` left as they are. */
  read(rows: { readonly start: number; readonly end: number }, options: ReadOptions): Promise<ParquetRow[]>;
}

/** Rows stored together. */
export interface ParquetRowGroup {
  readonly start: number;
  readonly end: number;
  /** Columns whose single rows can be read without the rest of the group. */
  readonly indexedColumns: ReadonlySet<string>;
}

/** A row by column, with the types of the file. */
export type ParquetRow = Readonly<Record<string, unknown>>;

interface ReadOptions {
  readonly columns: readonly string[];
  readonly bytes?: boolean;
}

/**
 * Opens a parquet file through ranges. Sizes the file claims are checked before anything is read or allocated for them.
 * @throws CallsignError PARQUET_INVALID with the file and where in it, and what reading the ranges can throw
 */
export async function openParquet(
  reader: RangeReader,
  { name }: { readonly name: string },
): Promise<ParquetFile> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const ranges = checkedRanges(reader, name);
  const metadata = await explained(`${name}: footer`, () =>
    parquetMetadataAsync(ranges, { initialFetchSize: FOOTER_BYTES, geoparquet: false }),
  );
  checkMetadata(metadata, { name, byteLength: reader.byteLength });
  const columns = await explained(`${name}: schema`, async () =>
    parquetSchema(metadata).children.map(({ element }) => element.name),
  );
  const compressors = await boundedCompressors();
  const file = cachedRanges(await checkedPages(ranges, { metadata, compressors }));
  return {
    rowGroups: listRowGroups(metadata),
    columns,
    read: ({ start, end }, { columns: wanted, bytes = false }) =>
      explained(`${name}: rows ${start}-${end - 1}, columns ${wanted.join(", ")}`, () =>
        parquetReadObjects({
          file,
          metadata,
          compressors,
          columns: [...wanted],
          rowStart: start,
          rowEnd: end,
          utf8: !bytes,
          useOffsetIndex: true,
          geoparquet: false,
        }),
      ),
  };
}

/** Bytes read first from the end of the file; most footers fit, and others cost one more request. */
const FOOTER_BYTES = 1 << 16;

/** Largest piece read at once, and largest page unpacked. A row group of a speech corpus has some megabytes. */
const MOST_RANGE_BYTES = 512 << 20;
const MOST_PAGE_BYTES = 128 << 20;

function checkMetadata(
  { num_rows: total, row_groups: groups }: FileMetaData,
  { name, byteLength }: { readonly name: string; readonly byteLength: number },
): void {
  const rows = groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const negative = groups.some((group) => Number(group.num_rows) < 0);
  // Every row holds a recording, so a row takes more than a byte.
  if (rows === Number(total) && rows <= byteLength && !negative) return;
  throw new CallsignError(
    "PARQUET_INVALID",
    `${name}: the footer claims ${total} rows, its row groups ${rows}, in ${byteLength} bytes; the file is damaged`,
  );
}

function listRowGroups({ row_groups: groups }: FileMetaData): ParquetRowGroup[] {
  let start = 0;
  return groups.map((group) => {
    const rowGroup = { start, end: start + Number(group.num_rows), indexedColumns: indexedColumns(group) };
    start = rowGroup.end;
    return rowGroup;
  });
}

/** Columns whose largest part has a page index: writers leave it out for parts of a single page, which cost little. */
function indexedColumns({ columns }: RowGroup): Set<string> {
  const largest = new Map<string, ColumnChunk>();
  for (const chunk of columns) {
    const name = chunk.meta_data?.path_in_schema[0] ?? "";
    const size = chunk.meta_data?.total_compressed_size ?? 0n;
    if (size >= (largest.get(name)?.meta_data?.total_compressed_size ?? 0n)) largest.set(name, chunk);
  }
  const indexed = [...largest].filter(([, chunk]) => chunk.offset_index_offset && chunk.offset_index_length);
  return new Set(indexed.map(([name]) => name));
}

/** Refuses ranges outside the file before they are fetched or allocated. */
function checkedRanges(reader: RangeReader, name: string): RangeReader {
  const { byteLength } = reader;
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      if (start >= 0 && start <= end && end <= byteLength && end - start <= MOST_RANGE_BYTES)
        return reader.slice(start, end);
      throw new CallsignError(
        "PARQUET_INVALID",
        `${name}: it points to bytes ${start}-${end} of its ${byteLength}; the file is damaged or cut short`,
      );
    },
  };
}

/** Checks the pages of every column within the ranges read. */
async function checkedPages(
  reader: RangeReader,
  { metadata, compressors }: { readonly metadata: FileMetaData; readonly compressors: Compressors },
): Promise<RangeReader> {
  const { getSchemaPath } = await import("hyparquet/src/schema.js");
  const { checkPages } = await import("./check-pages.ts");
  const chunks = metadata.row_groups.flatMap(({ columns, num_rows: rows }) =>
    columns.flatMap(({ meta_data: column }) => {
      if (column === undefined) return [];
      const start = Number(column.dictionary_page_offset || column.data_page_offset);
      return { column, rows: Number(rows), start, end: start + Number(column.total_compressed_size) };
    }),
  );
  const slice = async (from: number, to = reader.byteLength): Promise<ArrayBuffer> => {
    const bytes = await reader.slice(from, to);
    for (const { column, rows, start, end } of chunks) {
      // Ranges are whole columns, or whole pages of one.
      const [first, last] = [Math.max(from, start), Math.min(to, end)];
      if (first >= last) continue;
      const schemaPath = getSchemaPath(metadata.schema, column.path_in_schema);
      checkPages(new Uint8Array(bytes, first - from, last - first), {
        column,
        schemaPath,
        rows,
        compressors,
      });
    }
    return bytes;
  };
  return { byteLength: reader.byteLength, slice };
}

/**
 * Keeps the last small ranges: single rows are read page by page, and neighbours share a page. A range that cannot be
 * had is marked as handled: hyparquet asks for several at once, and when one fails it never looks at the others, which
 * would end the process.
 */
function cachedRanges(reader: RangeReader): RangeReader {
  const { byteLength } = reader;
  const cache = new Map<string, Promise<ArrayBuffer>>();
  const slice = (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const key = `${start}-${end}`;
    const bytes = cache.get(key) ?? reader.slice(start, end);
    bytes.catch(() => cache.delete(key));
    if (end - start > MOST_CACHED_BYTES) return bytes;
    cache.delete(key);
    cache.set(key, bytes);
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHED_RANGES) break;
      cache.delete(oldest);
    }
    return bytes;
  };
  return { byteLength, slice };
}

const MOST_CACHED_BYTES = 4 << 20;
const CACHED_RANGES = 8;

/** The usual decompressors, refusing a page that claims to unpack to more than any writer makes. */
async function boundedCompressors(): Promise<Compressors> {
  const { compressors, decompressZstd } = await import("hyparquet-compressors");
  const all: Compressors = {
    ...compressors,
    SNAPPY: unpackSnappy,
    // Into a buffer of the page's size, since the decoder would trust the size in the frame.
    ZSTD: (input, outputLength) => decompressZstd(input, new Uint8Array(outputLength)),
  };
  const bounded: Compressors = {};
  for (const codec of CODECS)
    bounded[codec] = (input, outputLength) => {
      const unpack = all[codec];
      if (unpack !== undefined && outputLength >= 0 && outputLength <= MOST_PAGE_BYTES)
        return unpack(input, outputLength);
      throw new Error(`a ${codec} page of ${input.length} bytes claims to unpack to ${outputLength}`);
    };
  return bounded;
}

const CODECS = ["SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4", "LZ4_RAW"] as const;

async function explained<T>(place: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof CallsignError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("PARQUET_INVALID", `${place}: damaged or cut short: ${reason}`, { cause });
  }
}
