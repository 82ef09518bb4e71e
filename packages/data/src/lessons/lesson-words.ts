import { createHash } from "node:crypto";

import { EMBEDDING } from "@callsign/infer/internal";

/** A word in the audio of a lesson, from sample `start` up to `end`. */
export interface SpokenWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A word among the embeddings of a lesson: those from `first` up to `end` have their centre in it. */
export interface LessonWord {
  readonly lesson: number;
  readonly first: number;
  readonly end: number;
  /** Equal for equal words. */
  readonly id: number;
}

/** Words of a lesson that have an embedding. @param lead frames before the first embedding */
export function lessonWords(
  words: readonly SpokenWord[],
  { lead }: { readonly lead: number },
): Omit<LessonWord, "lesson">[] {
  const { windowFrames, strideFrames } = EMBEDDING;
  const stepAt = (sample: number): number =>
    Math.max(0, Math.ceil((sample / HOP - lead - windowFrames / 2) / strideFrames));
  return words
    .map(({ text, start, end }) => ({ first: stepAt(start), end: stepAt(end), id: idOf(text) }))
    .filter(({ first, end }) => first < end);
}

/** 10 ms at 16 kHz: from one log-mel frame to the next. */
const HOP = 160;

const idOf = (text: string): number => createHash("sha256").update(text.toLowerCase()).digest().readInt32LE();

/** Columns of the tensor of words, `[words, 4]`. */
export const encodeWords = (words: readonly LessonWord[]): Int32Array =>
  Int32Array.from(words.flatMap(({ lesson, first, end, id }) => [lesson, first, end, id]));

/** Words that occur at least twice, the places of each. */
export function decodeWords(values: Int32Array): LessonWord[][] {
  const places = new Map<number, LessonWord[]>();
  for (let at = 0; at < values.length; at += 4) {
    const [lesson = 0, first = 0, end = 0, id = 0] = values.subarray(at, at + 4);
    places.set(id, [...(places.get(id) ?? []), { lesson, first, end, id }]);
  }
  return [...places.values()].filter(({ length }) => length > 1);
}
