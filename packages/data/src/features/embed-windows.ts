import { EMBEDDING, type Frontend } from "@callsign/infer/internal";

import { gridEnds, rowEnd } from "../labelling/windows.ts";
import type { FeatureSettings } from "./feature-settings.ts";
import type { LabelledAudio } from "./labelled-audio.ts";

/** Rows of embeddings, and the windows over them. */
export interface EmbeddedWindows {
  /** `[rows, 96]` */
  readonly embeddings: Float32Array;
  /** Last row of each window. */
  readonly rows: readonly number[];
  /** Sample each window ends before. */
  readonly ends: readonly number[];
}

/** Embeds every window of a stretch of audio: the whole clip at once for embedding-sequence, window by window for sliding-audio. */
export async function embedWindows(
  audio: LabelledAudio,
  options: {
    readonly frontend: Frontend;
    readonly settings: Pick<FeatureSettings, "windowing">;
    readonly offset: number;
    readonly stepLength: number;
  },
): Promise<EmbeddedWindows> {
  const { frontend, settings, offset, stepLength } = options;
  const { windowing } = settings;
  if (windowing.kind === "sliding-audio") {
    const { windowLength } = windowing;
    const grid = gridEnds(audio.samples.length, {
      windowLength,
      offset,
      step: stepLength,
    });
    return embedEach(audio.samples, { frontend, windowLength, ends: audio.ends ?? grid });
  }
  const { data, rows } = await frontend.features(audio.samples);
  const first = windowing.embeddings - 1;
  const windows = Array.from({ length: Math.max(0, rows - first) }, (_, i) => first + i);
  const ends = windows.map(rowEnd);
  return { embeddings: data, rows: windows, ends };
}

/** Windows in one call: 64 of 13,000 samples are 3 MB. */
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
