import { spokenWords } from "../text/spoken-text.ts";
import { containedDistance } from "./phoneme-distance.ts";
import type { Phonemes } from "./phonemes.ts";
import type { Pronunciations } from "./pronunciations.ts";
import { EVERYDAY_WORDS } from "./sentences.ts";
import { spellingToSound } from "./spelling-to-sound.ts";

/**
 * Below this distance two phrases are the same to a listener in a noisy room (an unstressed vowel or one consonant's
 * voicing off): too near for a negative to teach anything but doubt. A tenth for each phoneme, so that "no" may still
 * stand against "go", and at most 0.6. Ours, judged from printed lists of pairs.
 */
export const sameToTheEar = (phonemes: number): number => Math.min(0.6, 0.1 * phonemes);

/** The phrases a negative must not contain. */
export interface TargetPhrases {
  readonly phrases: readonly string[];
  /** Distance from the target to the stretch of the text that sounds most like it, over all targets and pronunciations. */
  nearest(text: string): { readonly phrase: string; readonly distance: number };
  /** True when a target phrase, or something that sounds the same, is heard in the text. */
  isHeardIn(text: string): boolean;
}

/** @throws CallsignError INVALID_ARGUMENT for a phrase without Latin letters or digits */
export function createTargetPhrases(
  phrases: readonly string[],
  pronunciations: Pronunciations,
): TargetPhrases {
  const targets = phrases.map((phrase) => ({
    phrase,
    letters: ` ${spokenWords(phrase).join(" ")} `,
    sounds: pronunciations.ofText(phrase),
    sameBelow: sameToTheEar(pronunciations.ofText(phrase)[0]!.length),
  }));
  const distances = (text: string): { phrase: string; distance: number; same: boolean }[] => {
    const readings = allReadings(text, pronunciations);
    const letters = ` ${spokenWords(text).join(" ")} `;
    return targets.map((target) => {
      const distance = letters.includes(target.letters) ? 0 : leastContained(target.sounds, readings);
      return { phrase: target.phrase, distance, same: distance < target.sameBelow };
    });
  };
  return {
    phrases,
    nearest: (text) =>
      distances(text).reduce((best, next) => (next.distance < best.distance ? next : best), {
        phrase: "",
        distance: Infinity,
        same: false,
      }),
    isHeardIn: (text) => distances(text).some(({ same }) => same),
  };
}

/**
 * The dictionary's first reading of every word, every second one, and so on; and the one by rule, for a synthesizer may
 * read a rare name by rules like ours. Not every combination: a long sentence has millions.
 */
function allReadings(text: string, pronunciations: Pronunciations): Phonemes[] {
  const words = spokenWords(text);
  const variants = words.map((word) => pronunciations.ofWord(word));
  const most = Math.max(1, ...variants.map(({ length }) => length));
  const readings = Array.from({ length: most }, (_, i) =>
    join(variants.map((sounds) => sounds[i] ?? sounds[0]!)),
  );
  const rare = words.some((word) => !everyday.has(word));
  return rare ? [...readings, join(words.map(spellingToSound))] : readings;
}

/** Synthesizers know these as the dictionary does. */
const everyday: ReadonlySet<string> = new Set(EVERYDAY_WORDS);

const join = (sounds: readonly Phonemes[]): Phonemes =>
  Uint8Array.from(sounds.flatMap((sound) => [...sound]));

function leastContained(sounds: readonly Phonemes[], readings: readonly Phonemes[]): number {
  let least = Infinity;
  for (const sound of sounds)
    for (const reading of readings) least = Math.min(least, containedDistance(sound, reading));
  return least;
}
