import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { CallsignError } from "@callsign/infer";

/** A recording found in a folder. */
export interface AudioFile {
  readonly path: string;
  /** From the folder searched, with forward slashes. */
  readonly relativePath: string;
}

const EXTENSIONS = /\.(wav|flac|mp3|ogg|oga|opus)$/i;

/**
 * Every recording in a folder and the folders in it, by name, in the order of their relative paths (UTF-16 code units,
 * alike on every platform). Names beginning with a dot are passed over, links to folders are not followed.
 * @throws CallsignError FILE_NOT_FOUND, CORPUS_EMPTY
 */
export async function findAudioFiles(folder: string): Promise<AudioFile[]> {
  const found: AudioFile[] = [];
  const open = [""];
  for (let inner = open.pop(); inner !== undefined; inner = open.pop()) {
    for (const entry of await listFolder(join(folder, inner))) {
      const relativePath = `${inner}${entry.name}`;
      const path = join(folder, relativePath);
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) open.push(`${relativePath}/`);
      else if (EXTENSIONS.test(entry.name) && (entry.isFile() || (await isLinkToFile(path))))
        found.push({ path, relativePath });
    }
  }
  if (found.length === 0)
    throw new CallsignError("CORPUS_EMPTY", `${folder}: no wav, flac, mp3, ogg or opus files in this folder`);
  return found.toSorted((a, b) => (a.relativePath < b.relativePath ? -1 : 1));
}

async function listFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("FILE_NOT_FOUND", `${folder}: expected a folder of recordings: ${reason}`, {
      cause,
    });
  }
}

const isLinkToFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;
