import { CallsignError } from "@callsign/audio/internal";

import type { Random } from "../random.ts";
import { isFamiliar, isOffensive } from "./familiar-words.ts";
import { findNearMisses } from "./near-misses.ts";
import type { Pronunciations } from "./phonetics/pronunciations.ts";
import { partialPhrases, swappedPhrases } from "./rearranged-phrases.ts";
import { drawRandomWords, drawSentence, EVERYDAY_WORDS } from "./sentences/sentences.ts";
import type { SoundIndex } from "./phonetics/sound-index.ts";
import { createTargetPhrases, type TargetPhrases } from "./target-phrases.ts";

/** Kind of a negative text; the clip's label in the manifest. */
export const NEGATIVE_KINDS = [
  "near-miss",
  "partial",
  "swapped",
  "user",
  "sentence",
  "random-words",
  "foreign",
] as const;

export type NegativeKind = (typeof NEGATIVE_KINDS)[number];

/** A text to speak in the voices of the positives, which must not be detected. */
export interface NegativeText {
  readonly text: string;
  readonly kind: NegativeKind;
  /** The phrase it was made from, where there is one. */
  readonly phrase?: string;
  /** Weighted phoneme distance of a near-miss. */
  readonly distance?: number;
}

/** Number of texts of each kind; default 0. */
export interface NegativeCounts {
  /** For each phrase. */
  readonly nearMisses?: number;
  /** Largest number per phrase; a phrase may have fewer parts. */
  readonly partial?: number;
  /** Largest number for all phrases together. */
  readonly swapped?: number;
  readonly sentences?: number;
  readonly randomWords?: number;
  /** Texts for voices of other languages, which read them by their own rules. */
  readonly foreign?: number;
}

export interface NegativeTextOptions {
  readonly counts: NegativeCounts;
  /** Texts of the user; all of them are used. */
  readonly user?: readonly string[];
  readonly pronunciations: Pronunciations;
  readonly index: SoundIndex;
  readonly random: Random;
}

/**
 * Texts for every kind of negative, in the order of NEGATIVE_KINDS, none twice and none in which a phrase (or what
 * sounds the same) is heard. Fewer than asked for where the dictionary or the phrase has no more.
 * @throws CallsignError INVALID_ARGUMENT when a text of the user's contains a phrase, or phrases are so short that
 * hardly a sentence is without them
 */
export function drawNegativeTexts(phrases: readonly string[], options: NegativeTextOptions): NegativeText[] {
  const { counts, pronunciations, random } = options;
  const targets = createTargetPhrases(phrases, pronunciations);
  const take = createTaker(targets);
  // The user's own come first, so that no other kind claims one of them.
  const user = take(userTexts(options.user ?? [], targets), Infinity);
  const nearMisses = phrases.flatMap((phrase) =>
    take(nearMissTexts(phrase, { ...options, targets }), counts.nearMisses ?? 0),
  );
  const partial = phrases.flatMap((phrase) =>
    take(label(partialPhrases(phrase, options), { kind: "partial", phrase }), counts.partial ?? 0),
  );
  const swaps = random.fork("swapped").shuffle(swappedPhrases(phrases));
  const swapped = take(label(swaps, { kind: "swapped" }), counts.swapped ?? 0);
  const most = { sentences: counts.sentences ?? 0, randomWords: counts.randomWords ?? 0 };
  const sentences = take(
    endless("sentence", { most: most.sentences, draw: drawSentence, random: random.fork("sentences") }),
    most.sentences,
  );
  const wanted = most.randomWords > 0 || (counts.foreign ?? 0) > 0;
  const words = wanted ? wordsForRandomTexts(pronunciations) : [];
  const drawWords = (from: Random): string =>
    drawRandomWords(words, {
      count: from.next() < SINGLE_WORDS ? 1 : from.integer(2, 9),
      random: from,
    });
  const randomWords = take(
    endless("random-words", { most: most.randomWords, draw: drawWords, random: random.fork("random words") }),
    most.randomWords,
  );
  const drawForeign = (from: Random): string =>
    from.next() < NUMBERS
      ? String(from.integer(0, LARGEST_NUMBER))
      : drawRandomWords(words, { count: from.integer(1, 3), random: from });
  const foreign = take(
    endless("foreign", { most: counts.foreign ?? 0, draw: drawForeign, random: random.fork("foreign") }),
    counts.foreign ?? 0,
  );
  return [...nearMisses, ...partial, ...swapped, ...user, ...sentences, ...randomWords, ...foreign];
}

/**
 * Share of the random texts that are one word. Without them only phrases and near-misses are ever heard alone, between
 * silences, and a short word of any kind is taken for the phrase (docs/recipe.md).
 */
const SINGLE_WORDS = 0.5;

/** Share of the foreign texts that are a number, which every language says in words of its own. */
const NUMBERS = 0.4;
const LARGEST_NUMBER = 99_999;

/** Takes up to a limit from each list it is given: texts it has not taken before and in which no target is heard. */
function createTaker(
  targets: TargetPhrases,
): (texts: Iterable<NegativeText>, limit: number) => NegativeText[] {
  const taken = new Set<string>();
  return (texts, limit) => {
    const kept: NegativeText[] = [];
    if (limit === 0) return kept;
    for (const text of texts) {
      const key = text.text.toLowerCase();
      if (taken.has(key) || targets.isHeardIn(text.text)) continue;
      taken.add(key);
      kept.push(text);
      if (kept.length >= limit) break;
    }
    return kept;
  };
}

function* nearMissTexts(
  phrase: string,
  { counts, random, ...search }: NegativeTextOptions & { targets: TargetPhrases },
): Generator<NegativeText> {
  // Twice as many as wanted: some may have been taken for another phrase.
  const count = 2 * (counts.nearMisses ?? 0);
  const misses = findNearMisses(phrase, { ...search, count, random: random.fork(`near-miss ${phrase}`) });
  for (const { text, distance } of misses) yield { text, kind: "near-miss", phrase, distance };
}

function* label(
  texts: readonly string[],
  { kind, phrase }: { kind: NegativeKind; phrase?: string },
): Generator<NegativeText> {
  for (const text of texts) yield phrase === undefined ? { text, kind } : { text, kind, phrase };
}

function* userTexts(texts: readonly string[], targets: TargetPhrases): Generator<NegativeText> {
  for (const text of texts) {
    if (targets.isHeardIn(text)) {
      const { phrase } = targets.nearest(text);
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `negatives: ${JSON.stringify(text.slice(0, 80))} is on the list of negatives, but sounds like or contains the ` +
          `phrase ${JSON.stringify(phrase)}; take one of the two out`,
      );
    }
    yield { text, kind: "user" };
  }
}

/** Out of a hundred draws some must do; if not, the phrases are in nearly every sentence. */
const DRAWS_A_TEXT = 100;

function* endless(
  kind: NegativeKind,
  { most, draw, random }: { most: number; draw: (random: Random) => string; random: Random },
): Generator<NegativeText> {
  for (let i = 0; i < most * DRAWS_A_TEXT; i++) yield { text: draw(random), kind };
  if (most > 0) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `negatives: expected ${most} texts of kind ${kind} without any phrase in them, found too few in ` +
        `${most * DRAWS_A_TEXT} draws; use longer or rarer phrases, or ask for fewer`,
    );
  }
}

/** Everyday words and every familiar word of the dictionary, alphabetical: some 20,000. */
function wordsForRandomTexts(pronunciations: Pronunciations): readonly string[] {
  const familiar = [...pronunciations.words.keys()].filter(
    (word) => isFamiliar(word, pronunciations) && !isOffensive(word) && word.length > 1,
  );
  return [...new Set([...EVERYDAY_WORDS, ...familiar])].toSorted((a, b) => (a < b ? -1 : 1));
}
