import type { WindowFacts } from "./label-policy.ts";

/** A phrase in a stretch of audio, from sample `start` up to but not including `end`. */
export interface PhraseInterval {
  /** Undefined for speech that is no phrase. */
  readonly label: string | undefined;
  readonly start: number;
  readonly end: number;
  /** Length of the whole phrase, which is longer than `end - start` if the audio stops in the middle of it. */
  readonly wholeLength: number;
}

/**
 * Facts about the window of `windowLength` samples that ends before sample `end`. A phrase is near as long as the window
 * holds any of it.
 * @param phrases in order of time, none overlapping
 */
export function windowFacts(
  phrases: readonly PhraseInterval[],
  {
    end,
    windowLength,
    labels,
  }: { readonly end: number; readonly windowLength: number; readonly labels: readonly string[] },
): WindowFacts {
  const phrase = phrases.findLast(({ start }) => start < end);
  if (phrase === undefined || end > phrase.end + windowLength) return { label: -1, heard: 0, sinceEnd: -1 };
  return {
    label: labels.indexOf(phrase.label!),
    heard: Math.min(1, (end - phrase.start) / phrase.wholeLength),
    sinceEnd: Math.max(0, end - phrase.end),
  };
}
