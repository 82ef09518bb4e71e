import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, embeddingCount, LOG_MEL } from "@callsign/infer/internal";

import { float32Tensor, readSafetensors, writeSafetensors } from "../formats/safetensors.ts";

/** Lessons of equal length: what the student is given and what the teacher made of it. */
export interface LessonShard {
  readonly lessons: number;
  /** Log-mel frames of a lesson. */
  readonly frames: number;
  /** `[lessons, frames, 32]` */
  readonly logMels: Float32Array;
  /** Embeddings of a lesson: number j is of the frames from 8 j to 8 j + 76. */
  readonly steps: number;
  /** `[lessons, steps, 96]` */
  readonly embeddings: Float32Array;
}

/** The shard as a safetensors file. `key` tells what it was made from. */
export const encodeLessonShard = (
  { lessons, frames, logMels, steps, embeddings }: LessonShard,
  { key }: { readonly key: string },
): Uint8Array =>
  writeSafetensors(
    new Map([
      ["logMels", float32Tensor([lessons, frames, LOG_MEL.melBins], logMels)],
      ["embeddings", float32Tensor([lessons, steps, EMBEDDING.dimension], embeddings)],
    ]),
    { metadata: { format: FORMAT, key } },
  );

/** Reads a lesson file; undefined where it was made from something else. @throws CallsignError `SHARD_INVALID` */
export function decodeLessonShard(
  bytes: Uint8Array,
  { name, key }: { readonly name: string; readonly key: string },
): LessonShard | undefined {
  const { tensors, metadata } = readSafetensors(bytes, { name });
  if (metadata.format !== FORMAT || metadata.key !== key) return undefined;
  const [logMels, embeddings] = [tensors.get("logMels"), tensors.get("embeddings")];
  const [lessons = 0, frames = 0] = logMels?.shape ?? [];
  const steps = embeddingCount(frames);
  if (
    !(logMels?.data instanceof Float32Array) ||
    !(embeddings?.data instanceof Float32Array) ||
    embeddings.data.length !== lessons * steps * EMBEDDING.dimension
  )
    throw new CallsignError("SHARD_INVALID", `${name}: not a whole file of lessons; delete it and run again`);
  return { lessons, frames, logMels: logMels.data, steps, embeddings: embeddings.data };
}

const FORMAT = "callsign-lessons-1";
