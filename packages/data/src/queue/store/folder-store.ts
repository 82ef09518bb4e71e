import { randomBytes } from "node:crypto";
import { constants, copyFile, link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { CallsignError } from "@callsign/audio/internal";
import { errorCode } from "@callsign/audio/node/internal";

import type { ArtifactStore } from "./artifact-store.ts";

/** A folder of a file system that every machine mounts, such as NFS, at any path. */
export async function openFolderStore(folder: string): Promise<ArtifactStore> {
  const root = resolve(folder);
  const failed = (cause: unknown): CallsignError =>
    new CallsignError("STORE_FAILED", `${root}: the store cannot be used: ${reasonOf(cause)}`, { cause });
  await mkdir(root, { recursive: true }).catch((cause: unknown) => {
    throw failed(cause);
  });
  const at = (key: string): string => join(root, key);

  /** Puts a finished temporary file at a key. A link fails where something is, on NFS too. */
  const place = async (temporary: string, key: string): Promise<boolean> => {
    try {
      await link(temporary, at(key));
      return true;
    } catch (cause) {
      if (errorCode(cause) === "EEXIST") return false;
      throw failed(cause);
    } finally {
      await rm(temporary, { force: true });
    }
  };
  const temporaryFor = async (path: string): Promise<string> => {
    await mkdir(dirname(path), { recursive: true });
    return join(dirname(path), `.${randomBytes(9).toString("hex")}.tmp`);
  };

  return {
    name: root,
    has: (key) =>
      stat(at(key)).then(
        () => true,
        () => false,
      ),
    async read(key) {
      return readFile(at(key)).catch((cause: unknown) => {
        if (errorCode(cause) === "ENOENT") return undefined;
        throw failed(cause);
      });
    },
    async write(key, bytes) {
      const temporary = await temporaryFor(at(key));
      try {
        const file = await open(temporary, "wx");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (cause) {
        await rm(temporary, { force: true });
        throw failed(cause);
      }
      return place(temporary, key);
    },
    async send(key, path) {
      const temporary = await temporaryFor(at(key));
      await linkOrCopy(path, temporary).catch((cause: unknown) => {
        throw failed(cause);
      });
      return place(temporary, key);
    },
    async fetch(key, path) {
      const temporary = await temporaryFor(path);
      try {
        await linkOrCopy(at(key), temporary);
        await rename(temporary, path);
        return true;
      } catch (cause) {
        if (errorCode(cause) === "ENOENT") return false;
        throw failed(cause);
      } finally {
        // Where both names are links to one file, `rename` leaves both.
        await rm(temporary, { force: true });
      }
    },
    remove: (key) => rm(at(key), { force: true }),
  };
}

/** On one file system a link, which costs nothing; Callsign replaces files and never changes them. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
