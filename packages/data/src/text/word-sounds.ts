import { CallsignError } from "@callsign/audio/internal";

import { phonemize } from "../voices/engines/espeak/espeak.ts";
import {
  chooseSounds,
  MAX_SOUNDS,
  mergeAlike,
  normalized,
  type WeightedSound,
} from "./phonetics/guess-sounds.ts";
import { withFullVowels } from "./phonetics/full-vowels.ts";
import { parseIpa } from "./phonetics/ipa.ts";
import type { Pronunciations } from "./phonetics/pronunciations.ts";
import type { SpellingModel } from "./phonetics/spelling-model.ts";
import { spokenWords } from "./spoken-text.ts";

/** Pronunciations of words by their spelling, as `spokenWords` writes it. */
export type WordSounds = Readonly<Record<string, readonly WeightedSound[]>>;

/** Sources of pronunciations. */
export interface SoundSources {
  readonly pronunciations: Pronunciations;
  /** Called for words that the dictionary lacks. */
  readonly loadModel: () => Promise<SpellingModel>;
  /** IPA of a word read by espeak-ng in a language; `undefined` if espeak-ng is not installed. */
  readonly readAs?: (word: string, language: string) => Promise<string | undefined>;
}

/**
 * Finds pronunciations of the words of phrases: those given, else those of the dictionary, all equally likely, and a share
 * with full vowels (`withFullVowels`), or, for a word that the dictionary lacks, those guessed from the spelling
 * (`guessedSounds`). Words with one pronunciation are left out.
 */
export async function findWordSounds(
  phrases: readonly string[],
  { given = {}, ...sources }: SoundSources & { readonly given?: WordSounds },
): Promise<WordSounds> {
  const found: Record<string, readonly WeightedSound[]> = { ...given };
  for (const word of new Set(phrases.flatMap(spokenWords))) {
    if (Object.hasOwn(found, word)) continue;
    const sounds = sources.pronunciations.has(word)
      ? withAccents(word, listedSounds(word, sources.pronunciations))
      : await guessedSounds(word, sources);
    if (sounds.length > 1 || (sounds.length === 1 && !sources.pronunciations.has(word))) found[word] = sounds;
  }
  return found;
}

/**
 * Candidate pronunciations for a recording of a word: those of the dictionary and those guessed from the spelling. None has
 * `isListed`, so that every engine uses the one chosen.
 */
export async function possibleSounds(word: string, sources: SoundSources): Promise<WeightedSound[]> {
  const listed = listedSounds(word, sources.pronunciations).map(({ sound, weight }) => ({ sound, weight }));
  const guessed = await guessedSounds(word, sources);
  return listed.length === 0 ? guessed : normalized(mergeAlike([...listed, ...guessed]));
}

/** The dictionary's pronunciations; those that sound nearly the same are merged. */
function listedSounds(word: string, pronunciations: Pronunciations): WeightedSound[] {
  const listed = pronunciations.soundsOf(word).map((sound) => ({ sound, weight: 1 }));
  const equal = normalized(mergeAlike(listed).map(({ sound }) => ({ sound, weight: 1 })));
  return equal.slice(0, MAX_SOUNDS).map((sound) => ({ ...sound, isListed: true }));
}

/** Share of the clips of a dictionary word with full vowels. */
const FULL_VOWEL_SHARE = 0.28;

/** Adds the pronunciations of many people whose first language is not English. */
function withAccents(word: string, listed: readonly WeightedSound[]): WeightedSound[] {
  const full = withFullVowels(word, listed[0]!.sound);
  if (full.length === 0) return [...listed];
  return [
    ...listed.map((each) => ({ ...each, weight: each.weight * (1 - FULL_VOWEL_SHARE) })),
    ...full.map((sound) => ({ sound, weight: FULL_VOWEL_SHARE / full.length })),
  ];
}

/** Longest word whose pronunciation is guessed; people would not read longer ones at sight. */
const MAX_LETTERS = 24;

/**
 * Share of each way of reading. Not measured; chosen because most people read an unknown word as English, and a foreign reading
 * is more likely if several languages agree on it.
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

/** Exponent of probabilities, since the model is more certain than people are: 0.9 and 0.1 become 0.75 and 0.25. */
const TEMPER = 0.5;
const READINGS = 200;

/**
 * Guesses pronunciations of a word from its spelling, without its own dictionary entry. Empty for a word without a vowel.
 * @throws CallsignError INVALID_ARGUMENT for a word of more than 24 letters
 */
export async function guessedSounds(
  word: string,
  { pronunciations, loadModel, readAs }: SoundSources,
): Promise<WeightedSound[]> {
  if (word.length > MAX_LETTERS)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `pronunciation: expected words of at most ${MAX_LETTERS} letters, got ${JSON.stringify(word.slice(0, 80))} ` +
        `(${word.length}); write it as several words, or set its pronunciation`,
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
    // Leaves out words that are spelled letter by letter or read in another language.
    if (ipa === undefined || (ipa.match(/ˈ/g) ?? []).length > 1 || ipa.includes("(")) continue;
    const sound = tryIpa(language === "en-us" ? ipa.replaceAll("ɾ", "t") : asEnglish(ipa, letters));
    if (sound !== undefined) readings.push({ sound, weight: SHARES[language] });
  }
  const pronounceable = readings.filter(({ sound }) => !UNPRONOUNCEABLE.test(sound));
  const sounds = pronounceable.length > 0 ? pronounceable : readings;
  // Not tested by UNPRONOUNCEABLE: a compound may have sequences that no single word has, such as in "glasshouse".
  const compound = compoundSound(letters, pronunciations);
  if (compound !== undefined) sounds.push({ sound: compound, weight: SHARES.compound });
  return chooseSounds(sounds);
}

/**
 * Sequences that the model can produce but English lacks: W, Y or H before a consonant or at the end, R between consonants, and
 * the letters sh, th, ph or ch as two sounds.
 */
const UNPRONOUNCEABLE = /\b(?:W|Y|HH)(?: [A-Z]+(?!\d)\b|$)|(?:^|[A-Z] )R [A-Z]+(?!\d)\b|\b[SZTPK] HH\b/;

/** Pronunciation of a compound such as "snowboy": its parts as in the dictionary, with the stress on the first. */
function compoundSound(word: string, pronunciations: Pronunciations): string | undefined {
  const [first, second] = (pronunciations.partsOf(word) ?? []).map(
    (part) => pronunciations.soundsOf(part)[0]!,
  );
  return first === undefined || second === undefined ? undefined : `${first} ${second.replaceAll("1", "2")}`;
}

/** Adapts a foreign reading to English: no short e or o at the end ("andale" ends in EY), and the letter v is V, not Spanish b. */
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

/** IPA of a word read by espeak-ng (the package or the program); `undefined` if it is not installed. */
export async function readByEspeak(word: string, language: string): Promise<string | undefined> {
  try {
    return (await phonemize(word, { accent: language })).flat().join("");
  } catch (error) {
    if (error instanceof CallsignError && error.code === "DEPENDENCY_MISSING") return undefined;
    throw error;
  }
}
