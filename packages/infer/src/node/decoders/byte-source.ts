import { open } from "node:fs/promises";
import { CallsignError } from "../../errors.ts";

/** Bytes that can be read anywhere: a file or memory. */
export interface ByteSource {
  /** Begins every message. */
  readonly name: string;
  readonly length: number;
  /** Up to `length` bytes from `offset`; fewer only at the end. The result is the caller's until the next call. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Reads from memory. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    length: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    close: () => Promise.resolve(),
  };
}

/** Opens a regular file; messages name it by its path. @throws CallsignError `FILE_NOT_FOUND`, `AUDIO_INVALID` */
export async function fileSource(path: string): Promise<ByteSource> {
  const file = await open(path, "r").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${path}: cannot open the audio file: ${reason}`, { cause });
  });
  try {
    const stats = await file.stat();
    // A pipe or a device has no length and may never end.
    if (!stats.isFile())
      throw new CallsignError("AUDIO_INVALID", `${path}: expected a file, not a folder or device`);
    return {
      name: path,
      length: stats.size,
      async read(offset, length) {
        const target = new Uint8Array(Math.max(0, Math.min(length, stats.size - offset)));
        let filled = 0;
        while (filled < target.length) {
          const { bytesRead } = await file.read(target, filled, target.length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return target.subarray(0, filled);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
