import type { WindowFacts } from "./label-policy.ts";

/** A phrase in a stretch of audio, from sample `start` up to but not including `end`. */
export interface PhraseInterval {
  /** Undefined for speech that is no phrase. */
  readonly label: string | undefined;
  readonly start: number;
  readonly end: number;
  /** Length of the whole phrase, which is longer than `end - start` if the audio holds only its beginning. */
  readonly wholeLength: number;
}

export interface WindowFactsOptions {
  /** The window ends before this sample. */
  readonly end: number;
  readonly windowLength: number;
  /** Longest phrase that fits into a window (`longestPhrase`), in samples. */
  readonly longestPhrase: number;
  readonly labels: readonly string[];
}

/**
 * Facts about a window. A phrase is near if the window contains any part of it. A phrase longer than `longestPhrase` is never
 * heard completely, since no window contains both its beginning and its end.
 * @param phrases in order of time, none overlapping
 */
export function windowFacts(
  phrases: readonly PhraseInterval[],
  { end, windowLength, longestPhrase, labels }: WindowFactsOptions,
): WindowFacts {
  const phrase = phrases.findLast(({ start }) => start < end);
  if (phrase === undefined || end > phrase.end + windowLength) return { label: -1, heard: 0, sinceEnd: -1 };
  return {
    label: labels.indexOf(phrase.label!),
    heard: Math.min(1, Math.min(end - phrase.start, longestPhrase) / phrase.wholeLength),
    sinceEnd: Math.max(0, end - phrase.end),
  };
}
