import type { Random } from "../random.ts";
import { respell } from "../text/phonetics/respelling.ts";
import type { WordSounds } from "../text/word-sounds.ts";
import { replaceWords, spokenWords } from "../text/spoken-text.ts";

/** One pronunciation, in ARPAbet with stress, of each word of a text that has several. */
export type SaidSounds = Readonly<Record<string, string>>;

/**
 * Draws a pronunciation by weight for each word of the text that `sounds` lists. Where it is the only one of the dictionary, the
 * word is left out: engines pronounce it by themselves, in their accents.
 */
export function drawSounds(
  text: string,
  { sounds, random }: { sounds: WordSounds; random: Random },
): SaidSounds {
  const drawn: Record<string, string> = {};
  for (const word of new Set(spokenWords(text))) {
    const choices = Object.hasOwn(sounds, word) ? sounds[word]! : [];
    if (choices.length === 0) continue;
    const choice = random.fork(word).weightedChoice(
      choices,
      choices.map(({ weight }) => weight),
    );
    const isUsual = choice.isListed === true && choices.filter(({ isListed }) => isListed).length === 1;
    if (!isUsual) drawn[word] = choice.sound;
  }
  return drawn;
}

/**
 * Pronunciations without those of the dictionary, for an engine that takes no phonemes: it pronounces dictionary words in its
 * own way, which is not known.
 */
export function withoutListed(said: SaidSounds, sounds: WordSounds): SaidSounds {
  const isListed = (word: string, sound: string): boolean =>
    sounds[word]?.some((choice) => choice.sound === sound && choice.isListed === true) === true;
  return Object.fromEntries(Object.entries(said).filter(([word, sound]) => !isListed(word, sound)));
}

/**
 * Text for such an engine, with the words respelled in lower case with hyphens ("shee-awr-shuh"), which it reads
 * approximately as meant.
 */
export const respellWords = (text: string, said: SaidSounds): string =>
  replaceWords(text, (word) => (Object.hasOwn(said, word) ? respell(said[word]!).toLowerCase() : word));
