import { CallsignError } from "@callsign/audio/internal";
import { sha256Hex } from "@callsign/infer/node/internal";

import { openFolderStore } from "./folder-store.ts";
import { openS3Store } from "./s3-store.ts";

/** Files of jobs, shared by all machines. A key is a path with forward slashes; what a key holds never changes. */
export interface ArtifactStore {
  /** The folder or `s3://bucket/prefix`, for messages. */
  readonly name: string;
  has(key: string): Promise<boolean>;
  read(key: string): Promise<Uint8Array | undefined>;
  /** Writes only where nothing is. @returns false if the key was there already */
  write(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Copies a local file to a key as `write` does; it may be linked instead. */
  send(key: string, path: string): Promise<boolean>;
  /** Copies a key to a local file, whole or not at all; it may be linked instead. @returns false if the key is missing */
  fetch(key: string, path: string): Promise<boolean>;
  remove(key: string): Promise<void>;
}

/**
 * Opens a folder that all machines share, or `s3://bucket/prefix`, whose address and credentials come from the environment
 * as the AWS SDK reads it (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID ...).
 * @throws CallsignError `INVALID_ARGUMENT`, `DEPENDENCY_MISSING`, `STORE_FAILED`
 */
export async function openStore(
  where: string,
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ArtifactStore> {
  if (/^s3:/i.test(where)) return openS3Store(where, { env });
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(where))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `--store: expected a folder or s3://bucket/prefix, got ${JSON.stringify(where)}`,
    );
  return openFolderStore(where);
}

/** Key of content. */
export const blobKey = (sha256: string): string => `blobs/${sha256.slice(0, 2)}/${sha256}`;

/** Stores bytes under their hash. @returns the hash */
export async function writeBlob(store: ArtifactStore, bytes: Uint8Array): Promise<string> {
  const sha256 = sha256Hex(bytes);
  await store.write(blobKey(sha256), bytes);
  return sha256;
}

/**
 * Bytes with a hash.
 * @throws CallsignError `STORE_FAILED` if they are missing, `CHECKSUM_MISMATCH` if they are damaged; damaged ones are removed
 */
export async function readBlob(store: ArtifactStore, sha256: string): Promise<Uint8Array> {
  const bytes = await store.read(blobKey(sha256));
  if (bytes === undefined) throw missingBlob(store, sha256);
  if (sha256Hex(bytes) === sha256) return bytes;
  await store.remove(blobKey(sha256));
  throw damagedBlob(store, sha256);
}

export const missingBlob = ({ name }: ArtifactStore, sha256: string): CallsignError =>
  new CallsignError("STORE_FAILED", `${name}: ${blobKey(sha256)} is missing; run the build again`);

export const damagedBlob = ({ name }: ArtifactStore, sha256: string): CallsignError =>
  new CallsignError(
    "CHECKSUM_MISMATCH",
    `${name}: ${blobKey(sha256)} is not as it was written and was removed; run the build again`,
  );
