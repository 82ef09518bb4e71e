import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@callsign/data/internal";
import { EMBEDDING, type Frontend } from "@callsign/infer/internal";
import { sha256File, sha256Hex, writeFileAtomic } from "@callsign/infer/node/internal";
import type { Recording } from "./find-recordings.ts";
import type { RecordingFeatures } from "./recording-features.ts";
import type { RecordingContent } from "./stage-recording.ts";

/** Features of one recording as the cache keeps them. */
export type CachedFeatures = Omit<RecordingFeatures, "recording">;

/** Version of the cached values; increase it when staging or the file format changes. */
const CACHE_VERSION = 1;

/**
 * Path of a recording's features in a cache folder, from a hash of all that they depend on: the file's content, its name (which
 * seeds the draws), the conditions and the front-end. Undefined for a front-end that does not know its embedding's hash.
 */
export async function cachePath(
  cacheDir: string,
  parts: {
    readonly recording: Pick<Recording, "path" | "name">;
    readonly content: RecordingContent;
    readonly conditions: string;
    readonly frontend: Pick<Frontend, "embeddingSha256" | "floor">;
  },
): Promise<string | undefined> {
  const { recording, content, conditions, frontend } = parts;
  const { embeddingSha256, floor } = frontend;
  if (embeddingSha256 === undefined) return undefined;
  const file = await sha256File(recording.path);
  const key = sha256Hex(
    JSON.stringify([CACHE_VERSION, file, recording.name, content, conditions, embeddingSha256, floor]),
  );
  return join(cacheDir, "eval-features", key.slice(0, 2), `${key}.safetensors`);
}

/** Reads features from the cache; undefined if the file is missing or damaged. */
export async function readCached(path: string): Promise<CachedFeatures | undefined> {
  try {
    const { tensors, metadata } = readSafetensors(await readFile(path), { name: path });
    const { data } = tensors.get("embeddings")!;
    return { staged: JSON.parse(metadata.staged!), embeddings: data as Float32Array };
  } catch {
    return undefined;
  }
}

/** Writes features into the cache. @throws CallsignError `FILE_WRITE_FAILED` */
export async function writeCached(path: string, { staged, embeddings }: CachedFeatures): Promise<void> {
  const shape = [embeddings.length / EMBEDDING.dimension, EMBEDDING.dimension];
  const tensors = new Map([["embeddings", { dtype: "F32", shape, data: embeddings } as const]]);
  await writeFileAtomic(path, writeSafetensors(tensors, { metadata: { staged: JSON.stringify(staged) } }));
}
