import { EMBEDDING, LOG_MEL, type Windowing } from "@callsign/infer/internal";

import type { Random } from "../random.ts";

/** Samples that a window reads. */
export function windowLengthOf(windowing: Windowing): number {
  if (windowing.kind === "sliding-audio") return windowing.windowLength;
  return (windowing.embeddings + CHUNKS_BEFORE) * LOG_MEL.chunkLength;
}

/**
 * Longest phrase that a model hears completely, in samples: every window that ends up to `afterSeconds` after it contains it.
 * Unlimited for sliding audio, where a window need not contain the whole phrase.
 */
export const longestPhrase = (windowing: Windowing, afterSeconds: number): number =>
  windowing.kind === "sliding-audio"
    ? Infinity
    : windowLengthOf(windowing) - Math.round(afterSeconds * 16_000);

/** Number of embeddings of the shortest window in which a phrase of `length` samples is heard completely. */
export const embeddingsFor = (length: number, afterSeconds: number): number =>
  Math.ceil((length + Math.round(afterSeconds * 16_000)) / LOG_MEL.chunkLength) - CHUNKS_BEFORE;

/** Sample before which the embedding of a stream ends, counted from 0. */
export const rowEnd = (row: number): number => (row + 1 + CHUNKS_BEFORE) * LOG_MEL.chunkLength;

/** The first embedding of a stream ends with its tenth chunk, since 76 frames are nine and a half chunks. */
const CHUNKS_BEFORE = Math.ceil(EMBEDDING.windowFrames / LOG_MEL.chunkFrames) - 1;

/** Ends of the windows that lie on a grid of `step` samples, in audio of `length` samples. */
export function gridEnds(
  length: number,
  { windowLength, offset, step }: { windowLength: number; offset: number; step: number },
): number[] {
  const ends: number[] = [];
  for (let end = windowLength + (offset % step); end <= length; end += step) ends.push(end);
  return ends;
}

export interface DrawWindowsOptions {
  readonly phraseStart: number;
  readonly phraseEnd: number;
  readonly windowLength: number;
  readonly count: number;
  /** Share of the phrase that has been heard when a window ends, at least; 0 is its first sample. */
  readonly fromHeard: number;
  /** Samples from the end of the phrase to the end of a window, at most. */
  readonly after: number;
  readonly random: Random;
}

/**
 * Ends of windows around a phrase, drawn uniformly and sorted, in audio of `length` samples. For early detection, where a score
 * must rise before the phrase is over.
 */
export function drawWindowEnds(length: number, options: DrawWindowsOptions): number[] {
  const { phraseStart, phraseEnd, windowLength, count, fromHeard, after, random } = options;
  const first = phraseStart + Math.ceil(Math.max(fromHeard * (phraseEnd - phraseStart), 1));
  const lowest = Math.min(Math.max(windowLength, first), length);
  const highest = Math.max(lowest, Math.min(phraseEnd + after, length));
  const drawn = Array.from({ length: length < windowLength ? 0 : count }, () =>
    random.integer(lowest, highest),
  );
  return drawn.toSorted((a, b) => a - b);
}
