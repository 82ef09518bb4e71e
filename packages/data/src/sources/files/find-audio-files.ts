import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";

import { CallsignError } from "@callsign/audio/internal";

/** A recording found in a folder. */
export interface AudioFile {
  readonly path: string;
  /** From the folder searched, with forward slashes. */
  readonly relativePath: string;
}

/** Read here, from m4a on through ffmpeg: without it they are faults, counted and named. */
const EXTENSIONS = /\.(wav|wave|flac|mp3|ogg|oga|opus|m4a|m4b|mp4|aac|webm|mka|wma|amr|3gp|caf|aiff?)$/i;

/**
 * Every recording in a folder and the folders in it, by name, in the order of their relative paths (UTF-16 code units,
 * alike on every platform). Names beginning with a dot are passed over, links to folders are not followed.
 * @throws CallsignError FILE_NOT_FOUND, CORPUS_EMPTY
 */
export async function findAudioFiles(folder: string): Promise<AudioFile[]> {
  const found: AudioFile[] = [];
  const others = new Map<string, number>();
  const open = [""];
  for (let inner = open.pop(); inner !== undefined; inner = open.pop()) {
    for (const entry of await listFolder(join(folder, inner))) {
      const relativePath = `${inner}${entry.name}`;
      const path = join(folder, relativePath);
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) open.push(`${relativePath}/`);
      else if (EXTENSIONS.test(entry.name) && (entry.isFile() || (await isLinkToFile(path))))
        found.push({ path, relativePath });
      else others.set(extname(entry.name), (others.get(extname(entry.name)) ?? 0) + 1);
    }
  }
  if (found.length === 0)
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${folder}: expected recordings (wav, flac, mp3, ogg, opus; m4a, aac, webm and others with ffmpeg), got ${describe(others)}`,
    );
  return found.toSorted((a, b) => (a.relativePath < b.relativePath ? -1 : 1));
}

function describe(others: ReadonlyMap<string, number>): string {
  const kinds = [...others].toSorted(([, a], [, b]) => b - a).slice(0, 4);
  if (kinds.length === 0) return "an empty folder";
  return kinds.map(([ending, count]) => `${count} ${ending || "files without an ending"}`).join(", ");
}

async function listFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new CallsignError("FILE_NOT_FOUND", `${folder}: ${listFault(cause)}`, { cause });
  }
}

function listFault(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return "no such folder";
  if (code === "ENOTDIR") return "expected a folder of recordings, got a file";
  return `cannot be read: ${message}`;
}

const isLinkToFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;
