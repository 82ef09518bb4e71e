import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@callsign/infer/node/internal";
import { type CreateEspeak, loadEspeak, VERSION } from "./package.ts";

/**
 * Folder of espeak-ng's data, which Piper models need for pronunciation, copied once from the package into the cache (24 MB,
 * all languages).
 * @throws CallsignError `DEPENDENCY_MISSING`, `FILE_WRITE_FAILED`
 */
export async function espeakTables(cacheDir: string): Promise<string> {
  const folder = join(cacheDir, `espeak-ng-data-${VERSION}`);
  if (await isFolder(folder)) return folder;
  const module = await (await loadEspeak())();
  // Renamed when complete, so that an interrupted copy is not used.
  await writeFileAtomic(join(cacheDir, ".keep"), "");
  const copy = await mkdtemp(`${folder}-`);
  try {
    for (const path of filesUnder(module.FS, SOURCE))
      await writeFileAtomic(join(copy, path.slice(SOURCE.length)), module.FS.readFile(path));
    await rename(copy, folder).catch(async (error: unknown) => {
      // Another process has made the folder.
      if (!(await isFolder(folder))) throw error;
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  return folder;
}

const SOURCE = "/usr/share/espeak-ng-data";

type FileSystem = Awaited<ReturnType<CreateEspeak>>["FS"];

function filesUnder(FS: FileSystem, folder: string): string[] {
  return FS.readdir(folder).flatMap((name) => {
    if (name === "." || name === "..") return [];
    const path = `${folder}/${name}`;
    return FS.isDir(FS.stat(path).mode) ? filesUnder(FS, path) : [path];
  });
}

const isFolder = async (folder: string): Promise<boolean> =>
  (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
