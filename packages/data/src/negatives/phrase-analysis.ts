import { spokenWords } from "../text/spoken-text.ts";
import { containedDistance, phonemeDistance } from "./phoneme-distance.ts";
import { countSyllables, formatPhonemes, type Phonemes } from "./phonemes.ts";
import type { Pronunciations } from "./pronunciations.ts";

/** What the sounds of a phrase are, for a judgement on whether it makes a good command. */
export interface PhraseAnalysis {
  readonly phrase: string;
  readonly words: readonly string[];
  /** ARPAbet, stress left out: the most likely pronunciation. */
  readonly pronunciation: string;
  readonly phonemes: number;
  readonly syllables: number;
  /** Words whose pronunciation was guessed, not looked up. */
  readonly guessed: readonly string[];
}

/** @throws CallsignError INVALID_ARGUMENT for a phrase without Latin letters or digits */
export function analyzePhrase(phrase: string, pronunciations: Pronunciations): PhraseAnalysis {
  const best = pronunciations.ofText(phrase)[0]!;
  const words = spokenWords(phrase);
  return {
    phrase,
    words,
    pronunciation: formatPhonemes(best),
    phonemes: best.length,
    syllables: countSyllables(best),
    guessed: words.filter((word) => !pronunciations.has(word)),
  };
}

/** How far apart two phrases sound. */
export interface PhraseDistance {
  /** Weighted edit distance of the nearest pronunciations; 0 for homophones. */
  readonly distance: number;
  /** The same over the phonemes of the longer: below about 0.2 people mishear one for the other. */
  readonly perPhoneme: number;
  /** From the shorter to the stretch of the longer most like it; 0 when one phrase is heard inside the other. */
  readonly contained: number;
}

/** @throws CallsignError INVALID_ARGUMENT for a phrase without Latin letters or digits */
export function phraseDistance(
  [first, second]: readonly [string, string],
  pronunciations: Pronunciations,
): PhraseDistance {
  let distance = Infinity;
  let contained = Infinity;
  let longest = 1;
  for (const a of pronunciations.ofText(first)) {
    for (const b of pronunciations.ofText(second)) {
      const [short, long]: [Phonemes, Phonemes] = a.length <= b.length ? [a, b] : [b, a];
      contained = Math.min(contained, containedDistance(short, long));
      const between = phonemeDistance(a, b);
      if (between >= distance) continue;
      distance = between;
      longest = Math.max(1, long.length);
    }
  }
  return { distance, perPhoneme: distance / longest, contained };
}
