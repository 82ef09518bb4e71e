import { constants, openSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { CallsignError } from "../../errors.ts";

/** Bytes to be read from start to end: a file, a pipe or memory. */
export interface ByteSource {
  /** Starts every message. */
  readonly name: string;
  /** Number of bytes; undefined for a pipe. */
  readonly length?: number;
  /** Path of a regular file, which another program can read as well. */
  readonly path?: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Frees what was opened, also while a read is under way. */
  close(): Promise<void>;
}

/** Reads from memory. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    length: bytes.length,
    chunks: { [Symbol.asyncIterator]: () => onlyChunk(bytes) },
    close: () => Promise.resolve(),
  };
}

async function* onlyChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** Reads from a stream, such as `process.stdin` or the body of a response. */
export function streamSource(chunks: AsyncIterable<Uint8Array>, name: string): ByteSource {
  const stream = chunks as Partial<Readable>;
  return {
    name,
    chunks,
    // A stream of Node's that is only no longer read would keep the process running.
    close: () => Promise.resolve(void stream.destroy?.()),
  };
}

/**
 * Opens a file, or a pipe or device that has a path (`/dev/stdin`, a FIFO, `<(...)` of a shell); messages name it by
 * its path. @throws CallsignError `FILE_NOT_FOUND`, `AUDIO_INVALID`
 */
export async function pathSource(path: string, name = path): Promise<ByteSource> {
  try {
    const stats = await stat(path);
    if (stats.isFIFO()) return pipeSource(path, name);
    if (stats.isSocket() && STDIN_PATHS.has(path)) return streamSource(process.stdin, name);
    if (stats.isFile() || stats.isCharacterDevice()) return await fileSource(path, name);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${name}: cannot open the audio file: ${reason}`, { cause });
  }
  throw new CallsignError("AUDIO_INVALID", `${name}: expected a file or a pipe, got a folder or a socket`);
}

/** Node gives its child processes a socket as standard input, which cannot be opened by its path. */
const STDIN_PATHS = new Set(["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** A thread that waits in `read` for a silent pipe cannot be stopped; a non-blocking descriptor can. */
function pipeSource(path: string, name: string): ByteSource {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  return streamSource(socket, name);
}

async function fileSource(path: string, name: string): Promise<ByteSource> {
  const file = await open(path, "r");
  const stats = await file.stat();
  const { size } = stats;
  return {
    name,
    ...(stats.isFile() && { length: size, path }),
    chunks: readFile(file, stats.isFile() ? Math.min(size, BLOCK_LENGTH) : BLOCK_LENGTH),
    close: () => file.close(),
  };
}

/** Bytes asked of a file at a time: one system call for most clips. */
const BLOCK_LENGTH = 65536;

async function* readFile(file: FileHandle, blockLength: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const block = new Uint8Array(Math.max(1, blockLength));
    const { bytesRead } = await file.read(block, 0, block.length);
    if (bytesRead === 0) return;
    yield block.subarray(0, bytesRead);
  }
}
