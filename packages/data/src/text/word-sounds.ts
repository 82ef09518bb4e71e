import { CallsignError } from "@callsign/audio/internal";

import { phonemize } from "../voices/engines/espeak/espeak.ts";
import {
  chooseSounds,
  MOST_SOUNDS,
  mergeAlike,
  normalized,
  type WeightedSound,
} from "./phonetics/guess-sounds.ts";
import { parseIpa } from "./phonetics/ipa.ts";
import type { Pronunciations } from "./phonetics/pronunciations.ts";
import type { SpellingModel } from "./phonetics/spelling-model.ts";
import { spokenWords } from "./spoken-text.ts";

/** Pronunciations of words by their spelling, as `spokenWords` writes it. */
export type WordSounds = Readonly<Record<string, readonly WeightedSound[]>>;

/** What words are looked up in and read by. */
export interface SoundSources {
  readonly pronunciations: Pronunciations;
  /** Loaded where a word is in no dictionary. */
  readonly loadModel: () => Promise<SpellingModel>;
  /** IPA of a word as espeak-ng's voice of a language reads it; `undefined` where espeak-ng is missing. */
  readonly readAs?: (word: string, language: string) => Promise<string | undefined>;
}

/**
 * Pronunciations of the words that have several: those given, else those that the dictionary lists, each as likely as the
 * others, or for a word it lacks those that its letters allow and other languages give it. Words with one pronunciation
 * are left out, unless it is given.
 */
export async function findWordSounds(
  phrases: readonly string[],
  { given = {}, ...sources }: SoundSources & { readonly given?: WordSounds },
): Promise<WordSounds> {
  const found: Record<string, readonly WeightedSound[]> = { ...given };
  for (const word of new Set(phrases.flatMap(spokenWords))) {
    if (Object.hasOwn(found, word)) continue;
    const sounds = sources.pronunciations.has(word)
      ? listedSounds(word, sources.pronunciations)
      : await guessedSounds(word, sources);
    if (sounds.length > 1 || (sounds.length === 1 && !sources.pronunciations.has(word))) found[word] = sounds;
  }
  return found;
}

/**
 * What a recording of a word may say: what the dictionary lists and what the letters allow. None is marked as listed, so
 * that each engine says the one chosen.
 */
export async function possibleSounds(word: string, sources: SoundSources): Promise<WeightedSound[]> {
  const listed = listedSounds(word, sources.pronunciations).map(({ sound, weight }) => ({ sound, weight }));
  const guessed = await guessedSounds(word, sources);
  return listed.length === 0 ? guessed : normalized(mergeAlike([...listed, ...guessed]));
}

/** The dictionary's pronunciations, those that sound nearly the same counted once. */
function listedSounds(word: string, pronunciations: Pronunciations): WeightedSound[] {
  const listed = pronunciations.soundsOf(word).map((sound) => ({ sound, weight: 1 }));
  const equal = normalized(mergeAlike(listed).map(({ sound }) => ({ sound, weight: 1 })));
  return equal.slice(0, MOST_SOUNDS).map((sound) => ({ ...sound, isListed: true }));
}

/** Longest word read letter by letter; longer ones are no words that people say at sight. */
const LONGEST_WORD = 24;

/**
 * Share of each way of reading. A guess: most people read an unknown word as English, and agree on a foreign reading
 * where several languages do.
 */
const SHARES = {
  english: 0.6,
  compound: 0.4,
  "en-us": 0.12,
  "es-419": 0.08,
  it: 0.08,
  fr: 0.06,
  de: 0.06,
} as const;
const LANGUAGES = ["es-419", "it", "fr", "de"] as const;

/** The model is surer than people are: a share of 0.9 becomes 0.75 against one of 0.1. */
const TEMPER = 0.5;
const READINGS = 200;

/**
 * Pronunciations of a word from its letters alone, as if no dictionary had it; none for a word without a vowel.
 * @throws CallsignError INVALID_ARGUMENT for a word of more letters than people read at sight
 */
export async function guessedSounds(
  word: string,
  { pronunciations, loadModel, readAs }: SoundSources,
): Promise<WeightedSound[]> {
  if (word.length > LONGEST_WORD)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `pronunciation: expected words of at most ${LONGEST_WORD} letters, got ${JSON.stringify(word.slice(0, 80))} ` +
        `(${word.length}); write it as several words, or name its pronunciation`,
    );
  const letters = word.replaceAll("'", "");
  const read = (await loadModel()).read(letters, { count: READINGS });
  const tempered = read.map(({ sound, probability }) => ({ sound, weight: probability ** TEMPER }));
  const total = tempered.reduce((sum, { weight }) => sum + weight, 0);
  const readings = tempered.map(({ sound, weight }) => ({
    sound,
    weight: (SHARES.english * weight) / total,
  }));
  for (const language of readAs === undefined ? [] : (["en-us", ...LANGUAGES] as const)) {
    const ipa = await readAs!(letters, language);
    // Spelled out, or read by another language's voice.
    if (ipa === undefined || (ipa.match(/ˈ/g) ?? []).length > 1 || ipa.includes("(")) continue;
    const sound = tryIpa(language === "en-us" ? ipa.replaceAll("ɾ", "t") : asEnglish(ipa, letters));
    if (sound !== undefined) readings.push({ sound, weight: SHARES[language] });
  }
  const pronounceable = readings.filter(({ sound }) => !UNPRONOUNCEABLE.test(sound));
  const sounds = pronounceable.length > 0 ? pronounceable : readings;
  // Between its parts a compound may have what no single word has: "glasshouse".
  const compound = compoundSound(letters, pronunciations);
  if (compound !== undefined) sounds.push({ sound: compound, weight: SHARES.compound });
  return chooseSounds(sounds);
}

/**
 * What letters can give but nobody says: W, Y or H before a consonant or at the end, R between consonants, and the letters
 * sh, th, ph or ch as two sounds.
 */
const UNPRONOUNCEABLE = /\b(?:W|Y|HH)(?: [A-Z]+(?!\d)\b|$)|(?:^|[A-Z] )R [A-Z]+(?!\d)\b|\b[SZTPK] HH\b/;

/** The parts as the dictionary has them, the first with the stress: "snowboy". */
function compoundSound(word: string, pronunciations: Pronunciations): string | undefined {
  const [first, second] = (pronunciations.partsOf(word) ?? []).map(
    (part) => pronunciations.soundsOf(part)[0]!,
  );
  return first === undefined || second === undefined ? undefined : `${first} ${second.replaceAll("1", "2")}`;
}

/** English has no short e or o at a word's end ("andale" ends in EY), and its V is no Spanish b. */
function asEnglish(ipa: string, word: string): string {
  const ended = ipa.replace(/[eɛ]$/, "eɪ").replace(/ɔ$/, "oʊ");
  return word.includes("v") && !word.includes("b") ? ended.replaceAll(/[bβ]/g, "v") : ended;
}

function tryIpa(ipa: string): string | undefined {
  try {
    return parseIpa(ipa);
  } catch {
    return undefined;
  }
}

/** Readings by espeak-ng, the package or the program; none of them where it is not installed. */
export async function readByEspeak(word: string, language: string): Promise<string | undefined> {
  try {
    return (await phonemize(word, { accent: language })).flat().join("");
  } catch (error) {
    if (error instanceof CallsignError && error.code === "DEPENDENCY_MISSING") return undefined;
    throw error;
  }
}
