import type { ColumnMetaData, Compressors, PageHeader, SchemaTree } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";

/** Limits that the pages of a column must respect. */
export interface PageRules {
  readonly column: ColumnMetaData;
  readonly schemaPath: readonly SchemaTree[];
  /** Rows of the group the column belongs to. */
  readonly rows: number;
  readonly compressors: Compressors;
}

/**
 * Checks whole pages of a column of texts or bytes before hyparquet decodes them: hyparquet 1.31.5 trusts their counts,
 * and a damaged one makes it fill the memory or loop for ever. @throws Error saying what is wrong at which byte
 */
export function checkPages(bytes: Uint8Array, rules: PageRules): void {
  checkColumn(rules);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  // As hyparquet does: a single byte at the end is padding.
  while (reader.offset < bytes.length - 1) {
    const at = reader.offset;
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    must(size >= 0 && reader.offset + size <= bytes.length, `the page at byte ${at} claims ${size} bytes`);
    const page = bytes.subarray(reader.offset, reader.offset + size);
    checkPage(page, { ...rules, header, at });
    reader.offset += size;
  }
}

function checkColumn({ schemaPath }: PageRules): void {
  const element = schemaPath.at(-1)?.element;
  const logical = element?.logical_type?.type ?? "STRING";
  const repeated = schemaPath.some(({ element: { repetition_type: type } }) => type === "REPEATED");
  const plain = element?.type === "BYTE_ARRAY" && logical === "STRING" && !repeated;
  must(plain, `expected a column of texts or bytes, got ${element?.type} ${logical}`);
}

interface PagePlace extends PageRules {
  readonly header: PageHeader;
  readonly at: number;
}

function checkPage(page: Uint8Array, place: PagePlace): void {
  const {
    data_page_header: first,
    data_page_header_v2: second,
    dictionary_page_header: dictionary,
  } = place.header;
  const { type } = place.header;
  if (type === "DICTIONARY_PAGE" && dictionary)
    checkDictionary(page, { ...place, count: dictionary.num_values });
  else if (type === "DATA_PAGE" && first)
    checkFirst(page, { ...place, count: first.num_values, encoding: first.encoding });
  else if (type === "DATA_PAGE_V2" && second) checkSecond(page, place);
  else throw new Error(`the page at byte ${place.at} is of type ${type}, expected data or a dictionary`);
}

function checkDictionary(page: Uint8Array, place: PagePlace & { readonly count: number }): void {
  const { count, at, header } = place;
  const unpacked = unpack(page, { ...place, length: header.uncompressed_page_size });
  // Every entry has a length of four bytes.
  must(count >= 0 && count * 4 <= unpacked.length, `the dictionary at byte ${at} claims ${count} entries`);
}

interface Values extends PagePlace {
  readonly count: number;
  readonly encoding: string;
}

function checkFirst(page: Uint8Array, place: Values): void {
  const { count, rows, schemaPath, header, at } = place;
  must(count >= 0 && count <= rows, `the page at byte ${at} claims ${count} values in ${rows} rows`);
  const unpacked = unpack(page, { ...place, length: header.uncompressed_page_size });
  const most = levels(schemaPath);
  let offset = 0;
  if (most > 0) {
    const view = new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
    offset = 4 + view.getUint32(0, true);
    must(offset <= unpacked.length, `the levels at byte ${at} claim ${offset - 4} bytes`);
    checkRuns(unpacked.subarray(4, offset), { count, width: bitWidth(most), at });
  }
  checkValues(unpacked.subarray(offset), place);
}

function checkSecond(page: Uint8Array, place: PagePlace): void {
  const { rows, schemaPath, header, at } = place;
  const head = header.data_page_header_v2;
  if (head === undefined) return;
  const { num_values: count, num_nulls: nulls, encoding } = head;
  const levelBytes = head.definition_levels_byte_length;
  must(count >= 0 && count <= rows, `the page at byte ${at} claims ${count} values in ${rows} rows`);
  must(nulls >= 0 && nulls <= count, `the page at byte ${at} claims ${nulls} nulls of ${count}`);
  const fits = levelBytes >= 0 && levelBytes <= page.length && head.repetition_levels_byte_length === 0;
  must(fits, `the levels at byte ${at} claim ${levelBytes} bytes`);
  checkRuns(page.subarray(0, levelBytes), { count, width: bitWidth(levels(schemaPath)), at });
  const packed = page.subarray(levelBytes);
  const length = header.uncompressed_page_size - levelBytes;
  const unpacked = head.is_compressed === false ? packed : unpack(packed, { ...place, length });
  checkValues(unpacked, { ...place, count, encoding });
}

function checkValues(bytes: Uint8Array, { encoding, count, at }: Values): void {
  // Texts one after the other: hyparquet stops at the end by itself.
  if (encoding === "PLAIN") return;
  const dictionary = encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY";
  must(dictionary, `the page at byte ${at} is encoded as ${encoding}; expected PLAIN or a dictionary`);
  const width = bytes[0] ?? 0;
  must(width <= 32, `the page at byte ${at} claims indices of ${width} bits`);
  if (width > 0) checkRuns(bytes.subarray(1), { count, width, at });
}

/**
 * Walks the runs of the run-length and bit-packed hybrid (parquet-format, Encodings.md) without unpacking them. No run may
 * give more values than are left, but for the padding to a multiple of eight.
 */
function checkRuns(
  bytes: Uint8Array,
  { count, width, at }: { readonly count: number; readonly width: number; readonly at: number },
): void {
  let left = count;
  let offset = 0;
  while (left > 0 && offset < bytes.length) {
    let header = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[offset++] ?? 0;
      header += (byte & 127) * scale;
      if (byte < 128) break;
      must(scale < 2 ** 28, `a run in the page at byte ${at} has a length without end`);
    }
    const packed = header % 2 === 1;
    const values = packed ? Math.floor(header / 2) * 8 : header / 2;
    must(Math.floor(values) < left + 8, `a run in the page at byte ${at} claims ${values} of ${left} values`);
    offset += packed ? (values / 8) * width : Math.ceil(width / 8);
    left -= Math.floor(values);
  }
}

function unpack(page: Uint8Array, place: PagePlace & { readonly length: number }): Uint8Array {
  const { codec } = place.column;
  if (codec === "UNCOMPRESSED") return page;
  const unpacker = place.compressors[codec];
  if (unpacker === undefined) throw new Error(`pages packed with ${codec} cannot be read`);
  return unpacker(page, place.length);
}

/** Number of levels that may be absent: the optional parts of the path, without its root. */
const levels = (path: readonly SchemaTree[]): number =>
  path.slice(1).filter(({ element }) => element.repetition_type !== "REQUIRED").length;

const bitWidth = (most: number): number => 32 - Math.clz32(most);

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
