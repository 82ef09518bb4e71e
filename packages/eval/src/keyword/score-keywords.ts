import { resolve } from "node:path";
import { CallsignError } from "@callsign/audio/internal";
import type { Detector } from "@callsign/infer/internal";
import { saysWord } from "../picovoice/transcripts.ts";
import type { Recording } from "../recordings/find-recordings.ts";
import type { FeaturesOptions, RecordingScores } from "../recordings/recording-features.ts";
import { scoredAs, type ScoredRecording, scoreLabels } from "../recordings/score-recordings.ts";

/** Recordings of one evaluation of one or several labels. */
export interface KeywordRecordings {
  /** Recordings of each label's word. */
  readonly words: ReadonlyMap<string, readonly Recording[]>;
  /** Recordings without any of the words, shared by all labels. */
  readonly negatives: readonly Recording[];
  /**
   * Whether recordings of the other labels' words are negatives of a label as well. Words that contain the label's ("hey
   * computer" for "computer") never are.
   */
  readonly isCrossed?: boolean;
  /** Pattern of names of negatives to leave out for a label, such as recordings of its word. */
  readonly exclude?: ReadonlyMap<string, RegExp>;
}

/** Scored recordings of one label. */
export interface ScoredKeyword {
  readonly positives: readonly ScoredRecording[];
  readonly negatives: readonly ScoredRecording[];
}

/**
 * Scores recordings by several labels of a model; every recording is streamed once. `labels` are those of the model, by the
 * keys of `recordings.words`.
 * @throws CallsignError as `scoreLabels`; `INVALID_ARGUMENT` for a recording both with and without a word, `CORPUS_EMPTY` for
 * a label without negatives
 */
export async function scoreKeywords(
  detector: Detector,
  recordings: KeywordRecordings,
  options: Omit<FeaturesOptions, "content" | "stage"> & { readonly labels: ReadonlyMap<string, string> },
): Promise<ReadonlyMap<string, ScoredKeyword>> {
  const { labels, ...scoring } = options;
  for (const key of recordings.words.keys()) checkNegatives(recordings, key);
  const words = new Map<string, readonly RecordingScores[]>();
  for (const [key, found] of recordings.words) {
    const stage = recordings.words.size === 1 ? "positives" : `positives of ${key}`;
    words.set(key, await scoreLabels(detector, found, { ...scoring, content: "word", stage }));
  }
  const negatives = await scoreLabels(detector, recordings.negatives, { ...scoring, content: "talk" });
  return new Map(
    [...words].map(([key, positives]) => {
      const wanted = new Set(negativesOf(recordings, key));
      const others = [negatives, ...words.values()].flat().filter(({ recording }) => wanted.has(recording));
      const label = labels.get(key)!;
      return [
        key,
        {
          positives: positives.map((scores) => scoredAs(scores, { label, kind: "positive" })),
          negatives: others.map((scores) => scoredAs(scores, { label, kind: "negative" })),
        },
      ];
    }),
  );
}

/** Negatives of one label: the shared ones and, with `isCrossed`, the other words; without duplicates and excluded recordings. */
export function negativesOf(
  { words, negatives, isCrossed = false, exclude }: KeywordRecordings,
  key: string,
): Recording[] {
  const pattern = exclude?.get(key);
  const crossed = isCrossed
    ? [...words].flatMap(([other, found]) => (other === key || saysWord(other, key) ? [] : found))
    : [];
  const kept = [...negatives, ...crossed].filter(({ name }) => pattern?.test(name) !== true);
  return [...new Map(kept.map((recording) => [resolve(recording.path), recording])).values()];
}

function checkNegatives(recordings: KeywordRecordings, key: string): void {
  const negatives = negativesOf(recordings, key);
  const word = key === "" ? "the word" : JSON.stringify(key);
  if (negatives.length === 0)
    throw new CallsignError(
      "CORPUS_EMPTY",
      `${word}: expected recordings without it, but --exclude leaves out all of them; narrow its pattern`,
    );
  const paths = new Map(negatives.map(({ path, name }) => [resolve(path), name]));
  const both = recordings.words.get(key)!.find(({ path }) => paths.has(resolve(path)));
  if (both !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${word}: ${both.name} is given both as a recording of it and as one without it (${paths.get(resolve(both.path))}); leave it out with --exclude`,
    );
}
