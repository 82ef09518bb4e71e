import { createReadStream } from "node:fs";
import { TextDecoder } from "node:util";

import { CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";

/** One line of a text file, without its newline (LF or CRLF). */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** `file:line`, as messages name it. */
  readonly place: string;
}

/** How to refuse what is not text. */
export interface ReadLinesOptions {
  /** Code for bytes that are not UTF-8 and for lines without end. */
  readonly code: CallsignErrorCode;
  readonly signal?: AbortSignal | undefined;
}

/** Longest line, in bytes: a file without newlines must not fill the memory. */
const MOST_LINE_BYTES = 1 << 20;

/** The lines of a UTF-8 file (a byte order mark is dropped), in constant memory. @throws CallsignError the given code with `file:line`, FILE_NOT_FOUND, ABORTED */
export async function* readLines(path: string, options: ReadLinesOptions): AsyncGenerator<TextLine> {
  yield* splitLines(readChunks(path), { ...options, name: path });
}

/** The same for bytes from elsewhere, such as an entry of an archive; `name` stands for the file in messages. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  { name, code, signal }: ReadLinesOptions & { readonly name: string },
): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending: Uint8Array[] = [];
  let pendingLength = 0;
  let number = 1;
  const finish = (rest: Uint8Array): TextLine => {
    const place = `${name}:${number}`;
    const bytes = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
    pending = [];
    pendingLength = 0;
    number++;
    return { text: decodeLine(decoder, bytes, { place, code }), number: number - 1, place };
  };
  for await (const chunk of chunks) {
    if (signal?.aborted) throw new CallsignError("ABORTED", `${name}:${number}: reading was stopped`);
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
    pendingLength += chunk.length - start;
    if (pendingLength > MOST_LINE_BYTES) {
      throw new CallsignError(
        code,
        `${name}:${number}: a line of more than ${MOST_LINE_BYTES} bytes; is this the right file?`,
      );
    }
  }
  if (pendingLength > 0) yield finish(new Uint8Array(0));
}

const LINE_FEED = 10;

function decodeLine(
  decoder: TextDecoder,
  bytes: Uint8Array,
  { place, code }: { readonly place: string; readonly code: CallsignErrorCode },
): string {
  try {
    return decoder.decode(bytes).replace(/^\uFEFF|\r$/g, "");
  } catch (cause) {
    throw new CallsignError(code, `${place}: expected UTF-8 text, got other bytes`, { cause });
  }
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  try {
    const chunks: AsyncIterable<Uint8Array> = createReadStream(path);
    for await (const chunk of chunks) yield chunk;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read: ${reason}`, { cause });
  }
}
