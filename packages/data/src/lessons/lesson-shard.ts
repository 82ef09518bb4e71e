import { closeSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";

import { CallsignError } from "@callsign/audio/internal";
import { EMBEDDING, embeddingCount, LOG_MEL } from "@callsign/infer/internal";

import { fromFloat16, toFloat16 } from "../formats/float16.ts";
import { readAt, readSafetensorsHeader } from "../formats/safetensors-range.ts";
import type { TensorEntry } from "../formats/safetensors-header.ts";
import { type SafetensorsTensor, tensorOf, writeSafetensors } from "../formats/safetensors.ts";
import { decodeWords, encodeWords, type LessonWord } from "./lesson-words.ts";

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
  readonly words: readonly LessonWord[];
}

/** The shard as a safetensors file of float16. `key` tells what it was made from. */
export const encodeLessonShard = (
  { lessons, frames, logMels, steps, embeddings, words }: LessonShard,
  { key }: { readonly key: string },
): Uint8Array =>
  writeSafetensors(
    new Map<string, SafetensorsTensor>([
      ["logMels", { dtype: "F16", shape: [lessons, frames, LOG_MEL.melBins], data: toFloat16(logMels) }],
      [
        "embeddings",
        { dtype: "F16", shape: [lessons, steps, EMBEDDING.dimension], data: toFloat16(embeddings) },
      ],
      ...(words.length > 0
        ? [["words", { dtype: "I32", shape: [words.length, 4], data: encodeWords(words) }] as const]
        : []),
    ]),
    { metadata: { format: FORMAT, key } },
  );

/** A file of lessons, which stays on the disk. */
export interface LessonFile {
  readonly path: string;
  readonly lessons: number;
  /** Log-mel frames and embeddings of a lesson. */
  readonly frames: number;
  readonly steps: number;
  /** Words that are said at least twice, the places of each. */
  readonly words: readonly (readonly LessonWord[])[];
  /** Places of the tensors in the file. */
  readonly entries: { readonly logMels: TensorEntry; readonly embeddings: TensorEntry };
}

/**
 * Opens a file of lessons without reading them; undefined where there is none or it was made from something else.
 * @throws CallsignError `SAFETENSORS_INVALID`, `SHARD_INVALID`
 */
export async function openLessonFile(
  path: string,
  { key }: { readonly key: string },
): Promise<LessonFile | undefined> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { header } = await readSafetensorsHeader(handle, path);
    const words = header.tensors.get("words");
    if (header.metadata.format !== FORMAT || header.metadata.key !== key) return undefined;
    const [logMels, embeddings] = [header.tensors.get("logMels"), header.tensors.get("embeddings")];
    const [lessons = 0, frames = 0] = logMels?.shape ?? [];
    const steps = embeddingCount(frames);
    if (logMels?.dtype !== "F16" || embeddings?.dtype !== "F16" || embeddings.shape[1] !== steps)
      throw damaged(path);
    // A file without any has no such tensor.
    const places = words && (tensorOf(words, await readAt(handle, words)).data as Int32Array);
    return {
      path,
      lessons,
      frames,
      steps,
      words: decodeWords(places ?? new Int32Array(0)),
      entries: { logMels, embeddings },
    };
  } finally {
    await handle.close();
  }
}

/** Part of a lesson: `embeddings` of them from number `step` on, and the frames they are of. */
export interface LessonStretch {
  readonly lesson: number;
  readonly step: number;
  readonly embeddings: number;
}

/**
 * Reads a part of a lesson from the disk: log-mels `[76 + 8 (embeddings - 1), 32]` and the teacher's embeddings
 * `[embeddings, 96]`. @throws CallsignError `SHARD_INVALID`
 */
export function readStretch(
  { path, frames, steps, entries }: LessonFile,
  { lesson, step, embeddings }: LessonStretch,
): Pick<LessonShard, "logMels" | "embeddings"> {
  const { windowFrames, strideFrames } = EMBEDDING;
  const descriptor = openSync(path, "r");
  const read = (entry: TensorEntry, { row, rows }: { row: number; rows: number }): Float32Array => {
    const columns = entry.shape[2]!;
    const halves = new Uint16Array(rows * columns);
    const bytes = new Uint8Array(halves.buffer);
    if (readSync(descriptor, bytes, 0, bytes.length, entry.begin + 2 * row * columns) !== bytes.length)
      throw damaged(path);
    return fromFloat16(halves);
  };
  try {
    return {
      logMels: read(entries.logMels, {
        row: lesson * frames + step * strideFrames,
        rows: windowFrames + (embeddings - 1) * strideFrames,
      }),
      embeddings: read(entries.embeddings, { row: lesson * steps + step, rows: embeddings }),
    };
  } finally {
    closeSync(descriptor);
  }
}

const damaged = (path: string): CallsignError =>
  new CallsignError("SHARD_INVALID", `${path}: not a whole file of lessons; delete it and run again`);

const FORMAT = "callsign-lessons-3";
