import { EMBEDDING, type Frontend, LOG_MEL } from "@callsign/infer/internal";

import type { FeatureSettings } from "./feature-settings.ts";
import type { LabelledAudio } from "./labelled-audio.ts";

/** Rows of embeddings, and the windows over them. */
export interface EmbeddedWindows {
  /** `[rows, 96]` */
  readonly embeddings: Float32Array;
  /** Row each window ends at. */
  readonly rows: readonly number[];
  /** Sample each window ends before. */
  readonly ends: readonly number[];
}

/** Samples that a window reads. */
export function windowLengthOf(windowing: FeatureSettings["windowing"]): number {
  if (windowing.kind === "sliding-audio") return windowing.windowLength;
  return (windowing.embeddings + CHUNKS_BEFORE) * LOG_MEL.chunkLength;
}

/** Rows that a window reads. */
export const rowsOf = (windowing: FeatureSettings["windowing"]): number =>
  windowing.kind === "sliding-audio" ? 1 : windowing.embeddings;

/** The first embedding of a stream ends with its tenth chunk: 76 frames are nine and a half of them. */
const CHUNKS_BEFORE = Math.ceil(EMBEDDING.windowFrames / LOG_MEL.chunkFrames) - 1;

/** Every window of a stretch of audio: whole clip at once for embedding-sequence, window by window for sliding-audio. */
export async function embedWindows(
  audio: LabelledAudio,
  { frontend, settings, offset }: { frontend: Frontend; settings: FeatureSettings; offset: number },
): Promise<EmbeddedWindows> {
  const { windowing } = settings;
  if (windowing.kind === "sliding-audio") {
    const { windowLength } = windowing;
    const grid = gridEnds(audio.samples.length, {
      windowLength,
      offset,
      step: settings.slidingWindows.stepLength,
    });
    return embedEach(audio.samples, { frontend, windowLength, ends: audio.ends ?? grid });
  }
  const { data, rows } = await frontend.features(audio.samples);
  const first = windowing.embeddings - 1;
  const windows = Array.from({ length: Math.max(0, rows - first) }, (_, i) => first + i);
  const ends = windows.map((row) => (row + 1 + CHUNKS_BEFORE) * LOG_MEL.chunkLength);
  return { embeddings: data, rows: windows, ends };
}

function gridEnds(
  length: number,
  { windowLength, offset, step }: { windowLength: number; offset: number; step: number },
): number[] {
  const ends: number[] = [];
  for (let end = windowLength + (offset % step); end <= length; end += step) ends.push(end);
  return ends;
}

/** Windows in one go: 64 of 13,000 samples are 3 MB. */
const WINDOWS_AT_ONCE = 64;

async function embedEach(
  samples: Float32Array,
  { frontend, windowLength, ends }: { frontend: Frontend; windowLength: number; ends: readonly number[] },
): Promise<EmbeddedWindows> {
  const embeddings = new Float32Array(ends.length * EMBEDDING.dimension);
  for (let from = 0; from < ends.length; from += WINDOWS_AT_ONCE) {
    const some = ends.slice(from, from + WINDOWS_AT_ONCE);
    const data = new Float32Array(some.length * windowLength);
    for (const [i, end] of some.entries())
      data.set(samples.subarray(end - windowLength, end), i * windowLength);
    const embedded = await frontend.featuresBatch({ data, rows: some.length, columns: windowLength });
    embeddings.set(embedded.data, from * EMBEDDING.dimension);
  }
  return { embeddings, rows: ends.map((_, i) => i), ends };
}
