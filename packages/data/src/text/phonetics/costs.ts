import { PHONEMES } from "./phonemes.ts";

interface Vowel {
  /** 0 open to 1 close. */
  readonly height: number;
  /** 0 front to 1 back. */
  readonly backness: number;
  readonly rounded: number;
  readonly coloured?: number;
  /** Second vowel of a diphthong; a pure vowel ends as it begins. */
  readonly glide?: { readonly height: number; readonly backness: number };
}

const CLOSE_FRONT = { height: 0.9, backness: 0.1 };
const CLOSE_BACK = { height: 0.9, backness: 0.9 };

const vowels: Readonly<Record<string, Vowel>> = {
  AA: { height: 0, backness: 0.8, rounded: 0 },
  AE: { height: 0.15, backness: 0.1, rounded: 0 },
  AH: { height: 0.4, backness: 0.5, rounded: 0 },
  AO: { height: 0.25, backness: 1, rounded: 1 },
  AW: { height: 0, backness: 0.5, rounded: 0, glide: CLOSE_BACK },
  AY: { height: 0, backness: 0.5, rounded: 0, glide: CLOSE_FRONT },
  EH: { height: 0.4, backness: 0.1, rounded: 0 },
  ER: { height: 0.5, backness: 0.5, rounded: 0, coloured: 1 },
  EY: { height: 0.6, backness: 0.1, rounded: 0, glide: CLOSE_FRONT },
  IH: { height: 0.8, backness: 0.2, rounded: 0 },
  IY: { height: 1, backness: 0, rounded: 0 },
  OW: { height: 0.6, backness: 1, rounded: 1, glide: CLOSE_BACK },
  OY: { height: 0.4, backness: 1, rounded: 1, glide: CLOSE_FRONT },
  UH: { height: 0.8, backness: 0.8, rounded: 1 },
  UW: { height: 1, backness: 1, rounded: 1 },
};

interface Consonant {
  /** 0 lips to 1 glottis. */
  readonly place: number;
  readonly manner: Manner;
  readonly voiced: boolean;
}

type Manner = "plosive" | "affricate" | "fricative" | "nasal" | "approximant";

const consonants: Readonly<Record<string, Consonant>> = {
  B: { place: 0, manner: "plosive", voiced: true },
  CH: { place: 0.45, manner: "affricate", voiced: false },
  D: { place: 0.3, manner: "plosive", voiced: true },
  DH: { place: 0.2, manner: "fricative", voiced: true },
  F: { place: 0.1, manner: "fricative", voiced: false },
  G: { place: 0.75, manner: "plosive", voiced: true },
  HH: { place: 1, manner: "fricative", voiced: false },
  JH: { place: 0.45, manner: "affricate", voiced: true },
  K: { place: 0.75, manner: "plosive", voiced: false },
  L: { place: 0.3, manner: "approximant", voiced: true },
  M: { place: 0, manner: "nasal", voiced: true },
  N: { place: 0.3, manner: "nasal", voiced: true },
  NG: { place: 0.75, manner: "nasal", voiced: true },
  P: { place: 0, manner: "plosive", voiced: false },
  R: { place: 0.4, manner: "approximant", voiced: true },
  S: { place: 0.3, manner: "fricative", voiced: false },
  SH: { place: 0.45, manner: "fricative", voiced: false },
  T: { place: 0.3, manner: "plosive", voiced: false },
  TH: { place: 0.2, manner: "fricative", voiced: false },
  V: { place: 0.1, manner: "fricative", voiced: true },
  W: { place: 0.05, manner: "approximant", voiced: true },
  Y: { place: 0.6, manner: "approximant", voiced: true },
  Z: { place: 0.3, manner: "fricative", voiced: true },
  ZH: { place: 0.45, manner: "fricative", voiced: true },
};

/** Neighbours in this order are the most easily confused. */
const MANNERS: readonly Manner[] = ["plosive", "affricate", "fricative", "approximant", "nasal"];

const VOWEL_FOR_CONSONANT = 1.3;
/** Glides are nearly vowels: Y is a short IY, W a short UW, R a short ER. */
const GLIDES: readonly (readonly [string, string])[] = [
  ["Y", "IY"],
  ["Y", "IH"],
  ["W", "UW"],
  ["W", "UH"],
  ["R", "ER"],
];
const GLIDE_FOR_VOWEL = 0.6;

/** Schwa, short I, H and Y: the first to go in quick speech. */
const WEAK: ReadonlySet<string> = new Set(["AH", "IH", "HH", "Y"]);
const WEAK_COST = 0.5;
const CONSONANT_COST = 0.75;
const VOWEL_COST = 0.95;

/**
 * Cost of substituting a phoneme: 0 for the same, about 0.2 for similar ones (B and P, IH and IY), 1 or more for dissimilar ones.
 * Row-major, `SUBSTITUTION_COST[a * PHONEMES.length + b]`. From articulatory features: place, manner and voicing of
 * consonants, height, backness, rounding and glide of vowels (the IPA chart's). The weights are ours.
 */
export const SUBSTITUTION_COST: Float32Array = substitutionCosts();

/** Cost of deleting or inserting a phoneme; low for weak phonemes, which fast speech drops. */
export const INSERTION_COST: Float32Array = Float32Array.from(PHONEMES, insertionCost);

function insertionCost(name: string): number {
  if (WEAK.has(name)) return WEAK_COST;
  return name in vowels ? VOWEL_COST : CONSONANT_COST;
}

function substitutionCosts(): Float32Array {
  const count = PHONEMES.length;
  const costs = new Float32Array(count * count);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < count; b++) if (a !== b) costs[a * count + b] = substitutionCost(a, b);
  }
  return costs;
}

/** At most the cost of a deletion and an insertion, so that the edit distance keeps the triangle inequality. */
function substitutionCost(a: number, b: number): number {
  const [first, second] = [PHONEMES[a]!, PHONEMES[b]!];
  const most = insertionCost(first) + insertionCost(second);
  return Math.min(unlikeness(first, second), most);
}

function unlikeness(a: string, b: string): number {
  const [aVowel, bVowel] = [vowels[a], vowels[b]];
  if (aVowel !== undefined && bVowel !== undefined) return vowelUnlikeness(aVowel, bVowel);
  const [aConsonant, bConsonant] = [consonants[a], consonants[b]];
  if (aConsonant !== undefined && bConsonant !== undefined)
    return consonantUnlikeness(aConsonant, bConsonant);
  const glide = GLIDES.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
  return glide ? GLIDE_FOR_VOWEL : VOWEL_FOR_CONSONANT;
}

function vowelUnlikeness(a: Vowel, b: Vowel): number {
  const start = Math.hypot(a.height - b.height, 0.7 * (a.backness - b.backness));
  const aEnd = a.glide ?? a;
  const bEnd = b.glide ?? b;
  const end = Math.hypot(aEnd.height - bEnd.height, 0.7 * (aEnd.backness - bEnd.backness));
  const colour = Math.abs((a.coloured ?? 0) - (b.coloured ?? 0));
  return 0.1 + 0.5 * start + 0.35 * end + 0.1 * Math.abs(a.rounded - b.rounded) + 0.25 * colour;
}

function consonantUnlikeness(a: Consonant, b: Consonant): number {
  const manner = Math.abs(MANNERS.indexOf(a.manner) - MANNERS.indexOf(b.manner));
  const sonorant =
    (a.manner === "nasal" || a.manner === "approximant") !==
    (b.manner === "nasal" || b.manner === "approximant");
  const voicing = a.voiced === b.voiced ? 0 : 0.2;
  return 0.05 + 0.6 * Math.abs(a.place - b.place) + 0.15 * manner + voicing + (sonorant ? 0.2 : 0);
}
