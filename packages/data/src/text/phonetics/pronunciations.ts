import { CallsignError } from "@callsign/audio/internal";

import { spokenWords } from "../spoken-text.ts";
import { parsePhonemes, type Phonemes } from "./phonemes.ts";
import { spellingToSound } from "./letter-to-sound.ts";
import { createSpellingModel, type SpellingModel } from "./spelling-model.ts";

/** A pronunciation dictionary, and rules for the words it lacks. */
export interface Pronunciations {
  /** Every known pronunciation of a word, best first; for an unknown word one guess from parts or spelling. Never empty for a word with a vowel. */
  ofWord(word: string): readonly Phonemes[];
  /**
   * Pronunciations of a whole text, words run together, best first: every combination of the words' variants, at most
   * 16. @throws CallsignError INVALID_ARGUMENT for a text without Latin letters or digits
   */
  ofText(text: string): readonly Phonemes[];
  /** The dictionary's pronunciations of a word, with stress: `"T AH0 M EY1 T OW2"`. Empty for a word that it lacks. */
  soundsOf(word: string): readonly string[];
  /** The two dictionary words that make up a word it lacks: "snow" and "boy". */
  partsOf(word: string): readonly [string, string] | undefined;
  /** Whether the dictionary itself has the word. */
  has(word: string): boolean;
  /** Words of the dictionary that a speech synthesizer reads as a word (no abbreviations), in the dictionary's order. */
  readonly words: ReadonlySet<string>;
}

/** The CMU pronouncing dictionary, 135,000 entries (cmu-pronouncing-dictionary on npm, ISC). About 0.2 s, once. */
export async function loadPronunciations(): Promise<Pronunciations> {
  cmu ??= import("cmu-pronouncing-dictionary").then(({ dictionary }) => createPronunciations(dictionary));
  return await cmu;
}

let cmu: Promise<Pronunciations> | undefined;

/** Spelling model learned from the dictionary, for words that it lacks. Takes about a second, once. */
export async function loadSpellingModel(): Promise<SpellingModel> {
  model ??= import("cmu-pronouncing-dictionary").then(({ dictionary }) =>
    createSpellingModel(
      Object.entries(dictionary).map(([word, line]) => [word.replace(/\(\d+\)$/, ""), line] as const),
    ),
  );
  return await model;
}

let model: Promise<SpellingModel> | undefined;

/** Copy of pronunciations in which those of some words are replaced; the most likely first. */
export function withSounds(
  pronunciations: Pronunciations,
  sounds: Readonly<Record<string, readonly { readonly sound: string }[]>>,
): Pronunciations {
  const known = new Map(
    Object.entries(sounds).map(([word, each]) => [word, each.map(({ sound }) => parsePhonemes(sound))]),
  );
  const ofWord = (word: string): readonly Phonemes[] => known.get(word) ?? pronunciations.ofWord(word);
  return { ...pronunciations, ofWord, ofText: (text) => textSounds(text, ofWord) };
}

/** From entries `word` or `word(2)` to ARPAbet, as the CMU dictionary writes them. */
export function createPronunciations(dictionary: Readonly<Record<string, string>>): Pronunciations {
  const entries = readEntries(dictionary);
  const ofWord = (word: string): readonly Phonemes[] => entries.get(word) ?? guess(word, entries);
  return {
    words: new Set([...entries.words()].filter(isSpeakable)),
    has: (word) => entries.has(word),
    soundsOf: (word) => entries.lines(word),
    partsOf: (word) => (entries.has(word) ? undefined : splitCompound(word, entries)),
    ofWord,
    ofText: (text) => textSounds(text, ofWord),
  };
}

function textSounds(text: string, ofWord: (word: string) => readonly Phonemes[]): readonly Phonemes[] {
  const variants = spokenWords(text).map(ofWord);
  if (variants.length === 0) throw unreadable(text);
  return combine(variants);
}

const MOST_VARIANTS = 16;

/** The dictionary by word. Parsing all of it takes half a second and 60 MB, so an entry is parsed when it is asked for. */
interface Entries {
  get(word: string): readonly Phonemes[] | undefined;
  lines(word: string): readonly string[];
  has(word: string): boolean;
  words(): Iterable<string>;
}

function readEntries(dictionary: Readonly<Record<string, string>>): Entries {
  const variants = new Map<string, string[]>();
  for (const key of Object.keys(dictionary)) {
    const bracket = key.indexOf("(", 1);
    const word = bracket < 0 ? key : key.slice(0, bracket);
    const known = variants.get(word);
    if (known === undefined) variants.set(word, [dictionary[key]!]);
    else known.push(dictionary[key]!);
  }
  return {
    get: (word) => variants.get(word)?.map(parsePhonemes),
    lines: (word) => (variants.get(word) ?? []).map((line) => line.replace(/ *#.*/, "")),
    has: (word) => variants.has(word),
    words: () => variants.keys(),
  };
}

/** Two letters or more with a vowel among them, or "a" and "i"; no digits, full stops or leading apostrophes. */
const isSpeakable = (word: string): boolean =>
  /^(?:[ai]|(?=.*[aeiouy])[a-z]{2,}(?:'[a-z]{1,2})?)$/.test(word);

function guess(word: string, entries: Entries): readonly Phonemes[] {
  const compound = splitCompound(word, entries);
  if (compound !== undefined) return combine(compound.map((part) => entries.get(part)!));
  return [spellingToSound(word)];
}

const SHORTEST_PART = 3;

/** "snowboy" is "snow" and "boy": the most even split into two known words. */
function splitCompound(word: string, entries: Entries): [string, string] | undefined {
  const middle = word.length / 2;
  const cuts = Array.from(
    { length: Math.max(0, word.length - 2 * SHORTEST_PART + 1) },
    (_, i) => i + SHORTEST_PART,
  );
  for (const cut of cuts.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle))) {
    const parts: [string, string] = [word.slice(0, cut), word.slice(cut)];
    if (parts.every((part) => entries.has(part))) return parts;
  }
  return undefined;
}

/** A text so far: its last word's sound, and the text before that. Shared beginnings are kept once. */
interface Chain {
  readonly before: Chain | undefined;
  readonly sound: Phonemes;
  /** Sum of the indices of the words' variants; low for the best. */
  readonly rank: number;
}

function combine(variants: readonly (readonly Phonemes[])[]): Phonemes[] {
  let chains: Chain[] = [];
  for (const [i, word] of variants.entries()) {
    const befores: readonly (Chain | undefined)[] = i === 0 ? [undefined] : chains;
    chains = befores
      .flatMap((before) => word.map((sound, at) => ({ before, sound, rank: (before?.rank ?? 0) + at })))
      .toSorted((a, b) => a.rank - b.rank)
      .slice(0, MOST_VARIANTS);
  }
  return chains.map(unchain);
}

function unchain(last: Chain): Phonemes {
  const sounds: Phonemes[] = [];
  for (let chain: Chain | undefined = last; chain !== undefined; chain = chain.before)
    sounds.push(chain.sound);
  return Uint8Array.from(sounds.toReversed().flatMap((sound) => Array.from(sound)));
}

const unreadable = (text: string): CallsignError =>
  new CallsignError(
    "INVALID_ARGUMENT",
    `pronunciation: expected text with Latin letters or digits, got ${JSON.stringify(text.slice(0, 80))}; spell it as it sounds in English`,
  );
