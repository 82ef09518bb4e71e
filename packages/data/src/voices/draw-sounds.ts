import type { Random } from "../random.ts";
import { respell } from "../text/phonetics/respelling.ts";
import type { WordSounds } from "../text/word-sounds.ts";
import { replaceWords, spokenWords } from "../text/spoken-text.ts";

/** One pronunciation, in ARPAbet with stress, of each word of a text that has several. */
export type SaidSounds = Readonly<Record<string, string>>;

/** Draws a pronunciation by weight for each word of the text that `sounds` lists. */
export function drawSounds(
  text: string,
  { sounds, random }: { sounds: WordSounds; random: Random },
): SaidSounds {
  const drawn: Record<string, string> = {};
  for (const word of new Set(spokenWords(text))) {
    const choices = Object.hasOwn(sounds, word) ? sounds[word]! : [];
    if (choices.length === 0) continue;
    drawn[word] = random.fork(word).weightedChoice(
      choices.map(({ sound }) => sound),
      choices.map(({ weight }) => weight),
    );
  }
  return drawn;
}

/**
 * The text for an engine that takes no phonemes, such words respelled in lower case with hyphens ("shee-awr-shuh"), which
 * its own rules read nearly so. A word that the dictionary has is left as it is.
 */
export function respellWords(
  text: string,
  { said, sounds }: { said: SaidSounds; sounds: WordSounds },
): string {
  return replaceWords(text, (word) => {
    const sound = Object.hasOwn(said, word) ? said[word]! : undefined;
    const isListed = sounds[word]?.some((choice) => choice.sound === sound && choice.isListed === true);
    return sound === undefined || isListed === true ? word : respell(sound).toLowerCase();
  });
}
