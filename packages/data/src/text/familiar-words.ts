import type { Pronunciations } from "./phonetics/pronunciations.ts";
import { EVERYDAY_WORDS } from "./sentences/sentences.ts";

/**
 * Whether a word is one people use, rather than one of the dictionary's many surnames and place names: it is among the
 * everyday words, or the dictionary lists several derived from it ("limp": "limped", "limping", "limper").
 * A guess; no word frequencies are needed for it.
 */
export function isFamiliar(word: string, pronunciations: Pronunciations): boolean {
  if (everyday.has(word)) return true;
  const stem = word.replace(/(?:e|y|'s|s|ed|ing|er|ers)$/, "");
  if (stem.length < 2) return false;
  const derived = derivedWords(pronunciations).get(stem) ?? 0;
  const isDerived = pronunciations.words.has(word) && DERIVED.includes(word.slice(stem.length));
  return derived - (isDerived ? 1 : 0) >= LEAST_DERIVED;
}

/** How many words of the dictionary are made of each stem and one of the endings. */
function derivedWords(pronunciations: Pronunciations): ReadonlyMap<string, number> {
  let counts = counted.get(pronunciations);
  if (counts !== undefined) return counts;
  counts = new Map();
  for (const word of pronunciations.words) {
    for (const ending of DERIVED) {
      if (!word.endsWith(ending)) continue;
      const stem = word.slice(0, -ending.length);
      counts.set(stem, (counts.get(stem) ?? 0) + 1);
    }
  }
  counted.set(pronunciations, counts);
  return counts;
}

const counted = new WeakMap<Pronunciations, Map<string, number>>();

const everyday: ReadonlySet<string> = new Set(EVERYDAY_WORDS);

/** Endings that surnames seldom take. */
const DERIVED = [
  "ed",
  "ing",
  "ings",
  "er",
  "ers",
  "ly",
  "ily",
  "ies",
  "ness",
  "able",
  "ful",
  "less",
  "ation",
  "ive",
  "y",
  "est",
  "ier",
  "iest",
];
const LEAST_DERIVED = 3;

/** Offensive words, which are never used as training texts. */
export const isOffensive = (word: string): boolean => OFFENSIVE.test(word);

const OFFENSIVE =
  /^(?:cunt|fuck|shit|nigg|fag|kike|spic(?:s?$)|chink|gook|coon(?:s?$)|wetback|whore|slut|rape|rapist|tit(?:s?$|t[iy])|cock(?:s?$)|dick(?:s?$|head)|pussy|bitch|bastard|asshole|twat|wank|cum(?:s?$)|jizz|dyke|negro|retard|penis|vagina|anal|anus|semen|nazi|porn)/;
