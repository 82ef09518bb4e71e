import { CallsignError } from "@callsign/audio/internal";

import { type ArchiveEntry, readArchive } from "../files/archive-entries.ts";
import type { EncodedClip } from "./batch.ts";
import type { ClipRow } from "./clip-row.ts";
import { clipName } from "./transcript.ts";

/** Archive in which clips are looked up. */
export interface ArchivePlace {
  readonly path: string;
  /** Name of the archive in provenance. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the clips of some rows in archive order, in one pass that ends at the last of them. Rows whose clip is not in the
 * archive come last, and their `read` throws.
 */
export async function* readArchiveAudio(
  rows: readonly ClipRow[],
  { path, name, signal }: ArchivePlace,
): AsyncGenerator<EncodedClip> {
  const wanted = new Map(rows.map((row) => [row.clip, row]));
  if (wanted.size > 0)
    for await (const entry of readArchive(path, { signal })) {
      const row = isClip(entry) ? wanted.get(clipName(entry.name)) : undefined;
      if (row === undefined) continue;
      wanted.delete(row.clip);
      yield {
        row,
        found: { file: name, entry: entry.name },
        read: () => entry.read({ mostBytes: MOST_CLIP_BYTES }),
      };
      if (wanted.size === 0) return;
    }
  for (const row of wanted.values()) {
    const message = `${row.place}: ${row.clip} is not in ${path}`;
    const read = (): Promise<never> => Promise.reject(new CallsignError("FILE_NOT_FOUND", message));
    yield { row, found: { file: name }, read };
  }
}

/** Whether an entry is a recording. */
export const isClip = ({ name }: ArchiveEntry): boolean => /\.(mp3|wav|flac|ogg|opus)$/i.test(name);

/** Largest clip read; a spoken sentence as mp3 has some tens of kilobytes. */
const MOST_CLIP_BYTES = 64 << 20;
