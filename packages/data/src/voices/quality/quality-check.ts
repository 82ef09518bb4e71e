import type { SpeechMeasures } from "./measure-speech.ts";

/** Reason to reject a draw: `engine-failed` comes from the engine, `duplicate` from comparing clips. */
export type Rejection =
  | "engine-failed"
  | "silent"
  | "clipped"
  | "too-short"
  | "too-long"
  | "noise-like"
  | "duplicate";

/** Number of attempts rejected for each reason. */
export type RejectionCounts = Readonly<Record<Rejection, number>>;

/** Limits of the quality check. The defaults were set on measured clips and pass good speech of all engines. */
export interface QualityLimits {
  /** RMS of a clip below which it is silent, in dB of full scale. */
  readonly lowestRmsDb: number;
  /** Share of samples at full scale. */
  readonly mostClippedShare: number;
  /** Shortest and longest time per letter, in seconds; a digit counts as four letters. */
  readonly secondsPerLetter: readonly [number, number];
  /** Added to the longest time, for pauses and a long last syllable, in seconds. */
  readonly spareSeconds: number;
  /** Largest flatness of the most voice-like tenth of the clip; white noise has 0.8, `six` in a hoarse voice 0.15. */
  readonly highestFlatness: number;
  /** Zero crossings a second, of that tenth: a vowel has 300 to 2,000, a hiss 6,000 and more. */
  readonly mostZeroCrossingsHz: number;
  /** Lowest frequency below which 99 % of the amplitude may lie; lower values are hum, not a voice. */
  readonly lowestRolloffHz: number;
}

/** See `QualityLimits`. */
export const DEFAULT_LIMITS: QualityLimits = {
  lowestRmsDb: -50,
  mostClippedShare: 0.001,
  secondsPerLetter: [0.025, 0.25],
  spareSeconds: 0.8,
  highestFlatness: 0.6,
  mostZeroCrossingsHz: 6000,
  lowestRolloffHz: 700,
};

/** Reason to reject a trimmed clip of `text`; undefined if it may be used. */
export function rejectionOf(
  measures: SpeechMeasures,
  { text, limits = DEFAULT_LIMITS }: { readonly text: string; readonly limits?: QualityLimits },
): Exclude<Rejection, "engine-failed" | "duplicate"> | undefined {
  const letters = spokenLetters(text);
  const [shortest, longest] = limits.secondsPerLetter;
  if (measures.rmsDb < limits.lowestRmsDb) return "silent";
  if (measures.clippedShare > limits.mostClippedShare) return "clipped";
  if (measures.seconds < Math.max(SHORTEST_SECONDS, letters * shortest)) return "too-short";
  if (measures.seconds > letters * longest + limits.spareSeconds) return "too-long";
  const hisses =
    measures.spectralFlatness > limits.highestFlatness ||
    measures.zeroCrossingsHz > limits.mostZeroCrossingsHz;
  return hisses || measures.rolloffHz < limits.lowestRolloffHz ? "noise-like" : undefined;
}

/** Shortest word with its margins of quiet. */
const SHORTEST_SECONDS = 0.15;

/** Letters as a measure of how long a text takes: `4` is said as a word of four, `A.I.` letter by letter. */
function spokenLetters(text: string): number {
  let letters = 0;
  for (const word of text.match(/[\p{L}\p{N}]+/gu) ?? []) {
    const spelled = word.length <= 3 && word === word.toUpperCase();
    for (const character of word) letters += /\p{N}/u.test(character) || spelled ? 4 : 1;
  }
  return letters;
}
