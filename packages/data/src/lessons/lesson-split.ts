import { posix } from "node:path";

import { partition, type Split } from "../split.ts";

/** Shares of voices, and of speakers in a folder, in each split. */
export const LESSON_SHARES = { train: 0.9, validation: 0.1 } as const;

export const lessonSeed = (seed: string): string => `lessons/${seed}`;

/**
 * Recordings of a split such that no speaker is in two. A folder within the corpus is a speaker; recordings outside any have one
 * unknown speaker. Validation gets a tenth of the speakers, rounded down: none of a corpus of a few.
 */
export function recordingsOfSplit<Recording extends { readonly path: string }>(
  recordings: readonly Recording[],
  { split, seed }: { readonly split: Split; readonly seed: string },
): Recording[] {
  const speakers = new Set(recordings.map(speakerOf));
  if (speakers.size * LESSON_SHARES.validation < 1) return split === "train" ? [...recordings] : [];
  const splits = partition(speakers, { seed: lessonSeed(seed), shares: LESSON_SHARES });
  return recordings.filter((recording) => splits.get(speakerOf(recording)) === split);
}

const speakerOf = ({ path }: { readonly path: string }): string => posix.dirname(path);
