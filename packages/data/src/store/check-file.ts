import { stat } from "node:fs/promises";

import { sha256File } from "@callsign/infer/node/internal";

/** What a record says of a file. */
export interface RecordedFile {
  readonly bytes: number;
  readonly sha256: string;
  /** Path of the record, which is written after the file. */
  readonly record: string;
  /** Whether to read the file however it looks. */
  readonly isVerified?: boolean | undefined;
}

/**
 * Whether a file is as it was when its record was written. A file of the same size that is not younger than its record is; any
 * other of this size is read, since a copied folder has new dates. To read a million clips takes half an hour, their dates a
 * minute.
 */
export async function checkFile(
  path: string,
  { bytes, sha256, record, isVerified = false }: RecordedFile,
): Promise<"unchanged" | "changed" | "missing"> {
  const [found, written] = await Promise.all([path, record].map((one) => stat(one).catch(() => undefined)));
  if (found === undefined) return "missing";
  if (found.size !== bytes) return "changed";
  if (!isVerified && written !== undefined && found.mtimeMs <= written.mtimeMs) return "unchanged";
  return (await sha256File(path).catch(() => undefined)) === sha256 ? "unchanged" : "changed";
}
