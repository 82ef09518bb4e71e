import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "@callsign/audio/node/internal";

/** A file being downloaded, under a temporary name that belongs to this process alone. */
export interface PartFile {
  readonly path: string;
  /** The download is complete: takes its real name in one step. */
  commit(): Promise<void>;
  /** The download stopped: leaves what there is for the next try. */
  release(): Promise<void>;
}

/**
 * Claims the unfinished download of `target`, or a new one. A claim is a rename, so two processes never write to one
 * file: `NAME.part` lies free, `NAME.PID-N.part` belongs to a process and is free again once that process has died.
 */
export async function claimPartFile(target: string): Promise<PartFile> {
  const directory = dirname(target);
  const name = basename(target);
  const free = `${target}.part`;
  const path = join(directory, `${name}.${process.pid}-${++claims}.part`);
  for (const abandoned of await abandonedParts(directory, name)) if (await moved(abandoned, path)) break;
  return {
    path,
    commit: () => rename(path, target),
    release: async () => {
      const size = (await stat(path).catch(() => undefined))?.size ?? 0;
      if (size > 0) await moved(path, free);
      else await rm(path, { force: true });
    },
  };
}

let claims = 0;

/** Largest first: the one that got furthest. */
async function abandonedParts(directory: string, name: string): Promise<string[]> {
  const found: { path: string; size: number }[] = [];
  for (const entry of await readdir(directory)) {
    if (!entry.startsWith(`${name}.`) || !entry.endsWith(".part")) continue;
    const owner = /^(\d+)-\d+$/.exec(entry.slice(name.length + 1, -".part".length))?.[1];
    if (entry !== `${name}.part` && (owner === undefined || isAlive(Number(owner)))) continue;
    const path = join(directory, entry);
    const size = (await stat(path).catch(() => undefined))?.size;
    if (size !== undefined) found.push({ path, size });
  }
  return found.toSorted((a, b) => b.size - a.size).map(({ path }) => path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is someone else's.
    return errorCode(error) === "EPERM";
  }
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch {
    return false;
  }
}
