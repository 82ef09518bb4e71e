import { CallsignError } from "@callsign/audio/internal";

import { readLines } from "../../formats/read-lines.ts";
import type { ClipFault } from "../clip-source.ts";
import type { ClipRow } from "./clip-row.ts";

/** Options for reading a tab-separated table of Common Voice. */
export interface TableOptions {
  readonly signal?: AbortSignal | undefined;
  /** A line that is not a row of the table; without it the first one is thrown. */
  readonly onFault?: ((fault: ClipFault) => void) | undefined;
}

/**
 * The rows of a transcript (`train.tsv`, `validated.tsv`, ...), in constant memory. Columns are found by name; those
 * needed are `client_id`, `path` and `sentence`.
 * @throws CallsignError TABLE_INVALID with `file:line`, FILE_NOT_FOUND, ABORTED
 */
export async function* readTranscript(path: string, options: TableOptions): AsyncGenerator<ClipRow> {
  const required = ["client_id", "path", "sentence"];
  for await (const { cell, place } of readTable(path, { ...options, required })) {
    const [clip, speaker, sentence] = [
      clipName(cell("path")),
      copy(cell("client_id")),
      copy(cell("sentence")),
    ];
    yield { clip, speaker, sentence, locale: copy(cell("locale")), place };
  }
}

/**
 * The rows again, with the lengths that `clip_durations.tsv` (columns `clip` and `duration[ms]`) gives for them.
 * @throws CallsignError TABLE_INVALID, FILE_NOT_FOUND, ABORTED
 */
export async function addDurations(
  rows: readonly ClipRow[],
  { table, ...options }: TableOptions & { readonly table: string },
): Promise<ClipRow[]> {
  const wanted = new Set(rows.map(({ clip }) => clip));
  const durations = new Map<string, number>();
  for await (const { cell } of readTable(table, { ...options, required: ["clip", "duration[ms]"] })) {
    const clip = clipName(cell("clip"));
    const milliseconds = Number(cell("duration[ms]") || Number.NaN);
    if (wanted.has(clip) && Number.isFinite(milliseconds)) durations.set(clip, milliseconds / 1000);
  }
  return rows.map((row) => ({ ...row, durationSeconds: durations.get(row.clip) }));
}

/** A clip's file name: some releases leave out the extension, or put the folder before it. */
export function clipName(path: string): string {
  const name = copy(path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1));
  return /\.[a-z0-9]{2,4}$/i.test(name) ? name : `${name}.mp3`;
}

interface TableRow {
  /** A cell by its column's name; empty where there is no such column. */
  readonly cell: (column: string) => string;
  readonly place: string;
}

async function* readTable(
  path: string,
  { required, onFault, signal }: TableOptions & { readonly required: readonly string[] },
): AsyncGenerator<TableRow> {
  let columns: string[] | undefined;
  for await (const { text, place } of readLines(path, { code: "TABLE_INVALID", signal })) {
    const cells = text.split("\t").map(unquote);
    if (columns === undefined) {
      columns = cells;
      requireColumns(columns, { required, place });
      continue;
    }
    if (text === "") continue;
    const header = columns;
    if (cells.length === header.length)
      yield { place, cell: (column) => cells[header.indexOf(column)] ?? "" };
    else refuse(`${place}: expected ${header.length} columns, got ${cells.length}`, { place, onFault });
  }
  if (columns === undefined) throw invalid(`${path}: expected a table with a header line, got an empty file`);
}

function requireColumns(
  columns: readonly string[],
  { required, place }: { readonly required: readonly string[]; readonly place: string },
): void {
  const missing = required.filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  const got = columns.join(", ").slice(0, 300);
  throw invalid(
    `${place}: column ${missing.join(", ")} is missing; expected a tab-separated header, got: ${got}`,
  );
}

/**
 * Common Voice writes its tables without quoting, but some releases and mirrors quote cells that hold a quotation mark.
 * Only a cell quoted as a whole, its inner marks doubled, is unquoted: a lone mark is text, and never swallows the lines
 * that follow, as it would for a CSV reader.
 */
function unquote(cell: string): string {
  if (cell.length < 2 || !cell.startsWith('"') || !cell.endsWith('"')) return cell;
  const inner = cell.slice(1, -1);
  return inner.replaceAll('""', "").includes('"') ? cell : inner.replaceAll('""', '"');
}

function refuse(
  message: string,
  { place, onFault }: { place: string } & Pick<TableOptions, "onFault">,
): void {
  const error = invalid(message);
  if (onFault === undefined) throw error;
  onFault({ place, error });
}

const invalid = (message: string): CallsignError => new CallsignError("TABLE_INVALID", message);

/** Copies a string, since V8 keeps a whole line in memory for a substring of it. */
const copy = (text: string): string => Buffer.from(text, "utf8").toString("utf8");
