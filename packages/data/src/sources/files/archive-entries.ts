import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { WritableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";

import { CallsignError } from "@callsign/audio/internal";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";

/** A file in an archive; its content is available until the next entry is requested. */
export interface ArchiveEntry {
  /** Relative, forward slashes, without a leading `./`. */
  readonly name: string;
  /** As its header says. */
  readonly size: number;
  /** Its whole content. @throws CallsignError ARCHIVE_INVALID above `mostBytes` */
  read(options: { readonly mostBytes: number }): Promise<Uint8Array>;
  /** Its content piece by piece. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * The files of a tar or tar.gz archive, in constant memory and without writing any to disk. An archive that could lead
 * a careless program out of its folder (absolute paths, `..`, links, devices) is refused, since it is not made by accident.
 * @throws CallsignError ARCHIVE_UNSAFE, ARCHIVE_INVALID (broken or truncated), FILE_NOT_FOUND, ABORTED
 */
export async function* readArchive(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ArchiveEntry> {
  const packed = await isGzip(path);
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const bytes: Readable = packed ? file.pipe(createGunzip()) : file;
  // pipe() does not pass errors on.
  file.on("error", (error) => bytes.destroy(error));
  const archive = new OpenArchive(path, packed ? "tar.gz" : "tar");
  try {
    for await (const entry of Readable.toWeb(bytes).pipeThrough(createTarDecoder({ strict: true }))) {
      if (signal?.aborted)
        throw new CallsignError("ABORTED", `${path}: reading was stopped ${archive.position}`);
      const name = checkEntry(path, entry);
      archive.position = `at ${name}`;
      if (entry.header.type === "directory") await drain(entry.body);
      else yield* offer(name, entry, archive);
      archive.position = `after ${name}`;
    }
  } catch (cause) {
    throw archive.explain(cause);
  } finally {
    bytes.destroy();
    file.destroy();
  }
}

/** Reading position, for messages. */
class OpenArchive {
  readonly path: string;
  readonly #kind: string;
  position = "at its start";

  constructor(path: string, kind: string) {
    this.path = path;
    this.#kind = kind;
  }

  explain(cause: unknown): CallsignError {
    if (cause instanceof CallsignError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.path}: expected a whole ${this.#kind} archive; broken ${this.position}: ${reason}`;
    return new CallsignError("ARCHIVE_INVALID", message, { cause });
  }
}

async function* offer(
  name: string,
  { header, body }: ParsedTarEntry,
  archive: OpenArchive,
): AsyncGenerator<ArchiveEntry> {
  let used = false;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    used = true;
    try {
      for await (const chunk of body) yield chunk;
    } catch (cause) {
      throw archive.explain(cause);
    }
  };
  const read = async ({ mostBytes }: { mostBytes: number }): Promise<Uint8Array> => {
    if (header.size > mostBytes) {
      const message = `${archive.path}: ${name} has ${header.size} bytes; expected at most ${mostBytes}`;
      throw new CallsignError("ARCHIVE_INVALID", message);
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of chunks()) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  yield { name, size: header.size, read, chunks };
  if (!used) await drain(body);
}

/**
 * Passes over an entry. Not by cancelling its body, as modern-tar suggests: it reads ahead, and in 0.8.6 the cancel then
 * takes the body of the entry after it away, whose reader waits for ever.
 */
const drain = (body: ParsedTarEntry["body"]): Promise<void> => body.pipeTo(new WritableStream());

function checkEntry(path: string, { header }: ParsedTarEntry): string {
  const { name, type = "file" } = header;
  const unsafe = (why: string): CallsignError =>
    new CallsignError(
      "ARCHIVE_UNSAFE",
      `${path}: entry ${JSON.stringify(name.slice(0, 200))} ${why}; the archive is refused`,
    );
  if (type !== "file" && type !== "directory") throw unsafe(`is a ${type}, expected only files and folders`);
  if (/^[/\\]|^[a-zA-Z]:|\0/.test(name)) throw unsafe("has an absolute path");
  if (name.split(/[/\\]/).includes("..")) throw unsafe("leads out of the archive with ..");
  return name.replace(/^(\.\/)+/, "");
}

async function isGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot read the archive: ${reason}`, { cause });
  }
}
