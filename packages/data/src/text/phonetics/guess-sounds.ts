import { phonemeDistance } from "./distance.ts";
import { parsePhonemes } from "./phonemes.ts";

/** A pronunciation in ARPAbet with stress (`"SH IY0 AO1 R SH AH0"`) and its share. */
export interface WeightedSound {
  readonly sound: string;
  /** On any scale in input; those that Callsign finds for a word sum to 1. */
  readonly weight: number;
  /** Whether it is from the dictionary: engines without phoneme input then pronounce the word in their own way. */
  readonly isListed?: boolean;
}

/** Largest number of pronunciations of a word. */
export const MAX_SOUNDS = 8;

/** Distance below which two pronunciations with the same stress are merged: less than one similar vowel, such as AH for IH. */
export const ALIKE_BELOW = 0.5;
/** Minimum weight of the stress on each syllable, since people stress invented words on any syllable. */
const MIN_STRESS_WEIGHT = 0.06;
/** Number of syllables that are stressed in turn; more would leave no place for other vowels. */
const MAX_STRESSES = 5;
const MIN_WEIGHT = 0.02;

/**
 * Chooses plausible pronunciations from many readings of a word, the most likely first. Readings that sound nearly the same are
 * merged, and each of the first `MAX_STRESSES` syllables of the best is stressed in one of them. At most `MAX_SOUNDS`; weights
 * sum to 1.
 */
export function chooseSounds(readings: readonly WeightedSound[]): WeightedSound[] {
  const distinct = mergeAlike(readings);
  const best = distinct[0];
  if (best === undefined) return [];
  const stressed = stressedInTurn(best.sound, distinct);
  const free = distinct.filter(({ sound }) => !stressed.some((each) => each.sound === sound));
  const chosen = [...stressed, ...free.slice(0, MAX_SOUNDS - stressed.length)];
  return normalized(chosen.filter(({ weight }) => weight >= MIN_WEIGHT));
}

/** Scales weights to sum to 1 and rounds them to hundredths, the largest first; those that round to 0 are left out. */
export function normalized(sounds: readonly WeightedSound[]): WeightedSound[] {
  const total = sounds.reduce((sum, { weight }) => sum + weight, 0);
  const sorted = sounds.toSorted((a, b) => b.weight - a.weight);
  const rounded = sorted
    .map(({ sound, weight }) => ({ sound, weight: Math.round((100 * weight) / total) }))
    .filter(({ weight }) => weight > 0);
  const rest = 100 - rounded.reduce((sum, { weight }) => sum + weight, 0);
  return rounded.map(({ sound, weight }, i) => ({ sound, weight: (i === 0 ? weight + rest : weight) / 100 }));
}

/** Merges pronunciations that have the same stress and differ by less than `ALIKE_BELOW`: the likelier is kept, with the sum of the weights. */
export function mergeAlike(readings: readonly WeightedSound[]): WeightedSound[] {
  const kept: { sound: string; weight: number; stress: string; phonemes: Uint8Array }[] = [];
  for (const { sound, weight } of readings.toSorted((a, b) => b.weight - a.weight)) {
    const stress = stressOf(sound);
    const phonemes = parsePhonemes(sound);
    const alike = kept.find(
      (other) => other.stress === stress && phonemeDistance(other.phonemes, phonemes) < ALIKE_BELOW,
    );
    if (alike === undefined) kept.push({ sound, weight, stress, phonemes });
    else alike.weight += weight;
  }
  return kept.map(({ sound, weight }) => ({ sound, weight })).toSorted((a, b) => b.weight - a.weight);
}

/** The best reading for each stressed syllable, among those with as many syllables as `best`. */
function stressedInTurn(best: string, distinct: readonly WeightedSound[]): WeightedSound[] {
  const syllables = stressOf(best).length;
  return Array.from({ length: Math.min(syllables, MAX_STRESSES) }, (_, place) => {
    const pattern = "0".repeat(place) + "1" + "0".repeat(syllables - place - 1);
    const found = distinct.find(({ sound }) => stressOf(sound) === pattern);
    const sound = found?.sound ?? moveStress(best, place);
    return { sound, weight: Math.max(found?.weight ?? 0, MIN_STRESS_WEIGHT) };
  });
}

/** One digit per syllable: 1 for the primary stress, else 0. */
export const stressOf = (sound: string): string =>
  (sound.match(/\d/g) ?? []).map((digit) => (digit === "1" ? "1" : "0")).join("");

/** Moves the stress; vowels do not change, so a stressed schwa becomes the vowel of "cut" (both are AH). */
export function moveStress(sound: string, place: number): string {
  let syllable = -1;
  return sound
    .split(" ")
    .map((name) => {
      if (!/\d$/.test(name)) return name;
      syllable++;
      return name.replace(/\d$/, syllable === place ? "1" : "0");
    })
    .join(" ");
}
