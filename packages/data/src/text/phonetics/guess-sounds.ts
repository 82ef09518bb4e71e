import { phonemeDistance } from "./distance.ts";
import { parsePhonemes } from "./phonemes.ts";

/** A pronunciation in ARPAbet with stress (`"SH IY0 AO1 R SH AH0"`) and how often people are taken to say it. */
export interface WeightedSound {
  readonly sound: string;
  /** In any scale where it is given; of a word's sounds found by Callsign they sum to 1. */
  readonly weight: number;
  /** From the dictionary, so that a voice says one of the word's sounds by itself. */
  readonly isListed?: boolean;
}

/** Largest number of pronunciations of a word. */
export const MOST_SOUNDS = 8;

/** Distance below which two pronunciations with the same stress are one: the colour of one vowel, such as AH for IH or AA. */
export const ALIKE_BELOW = 0.5;
/** Weight of a stress that no reading has, since people stress invented words on any syllable. */
const LEAST_STRESS = 0.06;
/** Syllables that are stressed in turn: more leave no room for other vowels. */
const MOST_STRESSES = 5;
const LEAST_WEIGHT = 0.02;

/**
 * Plausible pronunciations out of many readings of a word, the most likely first: what sounds nearly the same is one, and
 * each syllable of the best has the stress in one of them. At most `MOST_SOUNDS`; their weights sum to 1.
 */
export function chooseSounds(readings: readonly WeightedSound[]): WeightedSound[] {
  const distinct = mergeAlike(readings);
  const best = distinct[0];
  if (best === undefined) return [];
  const stressed = stressedInTurn(best.sound, distinct);
  const free = distinct.filter(({ sound }) => !stressed.some((each) => each.sound === sound));
  const chosen = [...stressed, ...free.slice(0, MOST_SOUNDS - stressed.length)];
  return normalized(chosen.filter(({ weight }) => weight >= LEAST_WEIGHT));
}

/** Weights that sum to 1 in steps of a hundredth, the heaviest first; those below half a step are left out. */
export function normalized(sounds: readonly WeightedSound[]): WeightedSound[] {
  const total = sounds.reduce((sum, { weight }) => sum + weight, 0);
  const sorted = sounds.toSorted((a, b) => b.weight - a.weight);
  const rounded = sorted
    .map(({ sound, weight }) => ({ sound, weight: Math.round((100 * weight) / total) }))
    .filter(({ weight }) => weight > 0);
  const rest = 100 - rounded.reduce((sum, { weight }) => sum + weight, 0);
  return rounded.map(({ sound, weight }, i) => ({ sound, weight: (i === 0 ? weight + rest : weight) / 100 }));
}

/** Sounds that differ by less than `ALIKE_BELOW` and have the same stress become the likelier of them, with both weights. */
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

/** The best reading of each place of the stress, among those with as many syllables as the best of all. */
function stressedInTurn(best: string, distinct: readonly WeightedSound[]): WeightedSound[] {
  const syllables = stressOf(best).length;
  return Array.from({ length: Math.min(syllables, MOST_STRESSES) }, (_, place) => {
    const pattern = "0".repeat(place) + "1" + "0".repeat(syllables - place - 1);
    const found = distinct.find(({ sound }) => stressOf(sound) === pattern);
    const sound = found?.sound ?? moveStress(best, place);
    return { sound, weight: Math.max(found?.weight ?? 0, LEAST_STRESS) };
  });
}

/** One digit a syllable: 1 where the primary stress is, else 0. */
export const stressOf = (sound: string): string =>
  (sound.match(/\d/g) ?? []).map((digit) => (digit === "1" ? "1" : "0")).join("");

/** The syllable that loses the stress keeps its vowel; a schwa that gains it is the vowel of "cut". */
function moveStress(sound: string, place: number): string {
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
