import { isFamiliar, isOffensive } from "./familiar-words.ts";
import { spokenWords } from "../text/spoken-text.ts";
import type { Pronunciations } from "./pronunciations.ts";
import type { SoundIndex } from "./sound-index.ts";

/**
 * Parts of a phrase that must not set it off. Of several words every run that is not the whole ("turn off the", "the
 * kitchen"); of a single word words that sound like its beginning or end ("compute" of "computer"), three phonemes
 * or more, familiar ones first. None twice.
 */
export function partialPhrases(
  phrase: string,
  { pronunciations, index }: { pronunciations: Pronunciations; index: SoundIndex },
): string[] {
  const words = spokenWords(phrase);
  return words.length > 1 ? runsOf(words) : piecesOf(phrase, { pronunciations, index });
}

function runsOf(words: readonly string[]): string[] {
  const runs = new Set<string>();
  for (let length = words.length - 1; length > 0; length--)
    for (let from = 0; from + length <= words.length; from++)
      runs.add(words.slice(from, from + length).join(" "));
  return [...runs];
}

const SHORTEST_PIECE = 3;

/** A vowel a shade off may pass: "alex" for the beginning of "alexa". */
const pieceTolerance = (phonemes: number): number => Math.min(0.4, 0.08 * phonemes);

function piecesOf(
  word: string,
  { pronunciations, index }: { pronunciations: Pronunciations; index: SoundIndex },
): string[] {
  const pieces = new Set<string>();
  for (const sound of pronunciations.ofText(word)) {
    for (let length = sound.length - 1; length >= SHORTEST_PIECE; length--) {
      const limit = pieceTolerance(length);
      for (const piece of [sound.subarray(0, length), sound.subarray(sound.length - length)]) {
        for (const { word: found, distances } of index.nearPrefixes(piece, limit))
          if (distances[length]! <= limit) pieces.add(found);
      }
    }
  }
  const usable = [...pieces].filter((piece) => !isOffensive(piece));
  const familiar = usable.filter((piece) => isFamiliar(piece, pronunciations));
  return [...new Set([...familiar, ...usable])];
}

/**
 * The words of each phrase in other orders ("out lights"), and, between phrases of several words, the beginning of one
 * with the end of another ("galactic out"). A phrase that is itself a target is the caller's to leave out. None twice.
 */
export function swappedPhrases(phrases: readonly string[]): string[] {
  const split = phrases.map(spokenWords).filter((words) => words.length > 1);
  const swapped = new Set<string>();
  for (const words of split) for (const order of reorderings(words)) swapped.add(order.join(" "));
  for (const first of split) {
    for (const second of split) {
      if (first === second) continue;
      swapped.add([...first.slice(0, -1), second.at(-1)!].join(" "));
      swapped.add([first[0]!, ...second.slice(1)].join(" "));
    }
  }
  for (const words of split) swapped.delete(words.join(" "));
  return [...swapped];
}

/** All orders of up to four words; of more, every exchange of two. */
function reorderings(words: readonly string[]): string[][] {
  if (words.length <= 4) return permutations(words);
  const orders: string[][] = [];
  for (let i = 0; i < words.length; i++) {
    for (let j = i + 1; j < words.length; j++) orders.push(words.with(i, words[j]!).with(j, words[i]!));
  }
  return orders;
}

function permutations(words: readonly string[]): string[][] {
  if (words.length <= 1) return [words.slice()];
  return words.flatMap((word, i) =>
    permutations(words.toSpliced(i, 1)).map((rest) => rest.toSpliced(0, 0, word)),
  );
}
