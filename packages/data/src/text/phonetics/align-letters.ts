import type { Phonemes } from "./phonemes.ts";
import { PHONEMES } from "./phonemes.ts";

/** Numbers of letters and phonemes of a unit: one or two letters that stand for zero, one or two phonemes. */
export interface Unit {
  readonly letters: number;
  readonly phonemes: number;
}

/** A word in lower-case letters and its phonemes. */
export interface Spelled {
  readonly word: string;
  readonly phonemes: Phonemes;
}

/**
 * Learns, by expectation maximization, which letters stand for which phonemes (Jiampojamarn, Kondrak and Sherif 2007,
 * many-to-many alignment). Returns a function that divides a word into units, or returns `undefined` if that is not possible,
 * such as for "nbc" pronounced as letters.
 */
export function learnAlignment(words: readonly Spelled[]): (word: Spelled) => Unit[] | undefined {
  let weights = new Float64Array(LETTER_CODES * PHONEME_CODES).fill(1);
  const sample = words.filter((_, i) => i % Math.ceil(words.length / LEARNED_FROM) === 0);
  for (let round = 0; round < ROUNDS; round++) {
    const counts = new Float64Array(LETTER_CODES * PHONEME_CODES);
    for (const word of sample) addExpected(word, { weights, counts });
    const total = counts.reduce((sum, count) => sum + count, 0);
    weights = counts.map((count) => count / total);
  }
  const logs = weights.map((weight) => (weight > 0 ? Math.log(weight) : -Infinity));
  return (word) => bestPath(word, logs);
}

const LEARNED_FROM = 12_000;
const ROUNDS = 4;

/** Number of codes of one or two letters; a letter is 1 to 26, and 0 is none. */
const LETTER_CODES = 27 * 27;
const PHONEME_BASE = PHONEMES.length + 1;
const PHONEME_CODES = PHONEME_BASE * PHONEME_BASE;

const letterAt = (word: string, at: number): number => word.charCodeAt(at) - 96;

/** Numbers of letters and phonemes of the units tried: a silent letter, one to one, "x" for K S, "sh" for SH. */
const SHAPES = [
  [1, 0],
  [1, 1],
  [1, 2],
  [2, 1],
] as const;

/** Steps between cells of the table (letters by phonemes), in the order of the letters; reused for every word. */
const steps = {
  count: 0,
  from: new Int32Array(65_536),
  to: new Int32Array(65_536),
  code: new Int32Array(65_536),
};

/** Cells of the table, reused for every word: a new array for each would make most of the garbage. */
const cellsOf = {
  forward: new Float64Array(16_384),
  backward: new Float64Array(16_384),
  by: new Int32Array(16_384),
};

function listSteps({ word, phonemes }: Spelled): typeof steps {
  const width = phonemes.length + 1;
  let count = 0;
  for (let i = 0; i < word.length; i++) {
    const first = letterAt(word, i) * 27;
    const second = i + 1 < word.length ? letterAt(word, i + 1) : 0;
    for (let j = 0; j < width; j++) {
      for (const [letters, sounds] of SHAPES) {
        if (i + letters > word.length || j + sounds >= width) continue;
        const said =
          (sounds > 0 ? phonemes[j]! + 1 : 0) * PHONEME_BASE + (sounds > 1 ? phonemes[j + 1]! + 1 : 0);
        steps.from[count] = i * width + j;
        steps.to[count] = (i + letters) * width + j + sounds;
        steps.code[count] = (first + (letters === 2 ? second : 0)) * PHONEME_CODES + said;
        count++;
      }
    }
  }
  steps.count = count;
  return steps;
}

/** Forward and backward sums; adds to each unit the share of the word's alignments that use it. */
function addExpected(
  spelled: Spelled,
  { weights, counts }: { weights: Float64Array; counts: Float64Array },
): void {
  const cells = (spelled.word.length + 1) * (spelled.phonemes.length + 1);
  const forward = cellsOf.forward.fill(0, 0, cells);
  const backward = cellsOf.backward.fill(0, 0, cells);
  const { count, from, to, code } = listSteps(spelled);
  forward[0] = 1;
  for (let i = 0; i < count; i++) forward[to[i]!]! += forward[from[i]!]! * weights[code[i]!]!;
  const total = forward[cells - 1]!;
  if (!(total > 0)) return;
  backward[cells - 1] = 1;
  for (let i = count - 1; i >= 0; i--) {
    const weighted = backward[to[i]!]! * weights[code[i]!]!;
    backward[from[i]!]! += weighted;
    counts[code[i]!]! += (forward[from[i]!]! * weighted) / total;
  }
}

function bestPath(spelled: Spelled, logs: Float64Array): Unit[] | undefined {
  const cells = (spelled.word.length + 1) * (spelled.phonemes.length + 1);
  const best = cellsOf.forward.fill(-Infinity, 0, cells);
  const { by } = cellsOf;
  const { count, from, to, code } = listSteps(spelled);
  best[0] = 0;
  for (let i = 0; i < count; i++) {
    const score = best[from[i]!]! + logs[code[i]!]!;
    if (score <= best[to[i]!]!) continue;
    best[to[i]!] = score;
    by[to[i]!] = i;
  }
  if (best[cells - 1] === -Infinity) return undefined;
  const units: Unit[] = [];
  for (let cell = cells - 1; cell > 0; cell = from[by[cell]!]!) {
    const unit = code[by[cell]!]!;
    const phonemes = unit % PHONEME_CODES;
    units.push({
      letters: Math.floor(unit / PHONEME_CODES) % 27 > 0 ? 2 : 1,
      phonemes: (phonemes >= PHONEME_BASE ? 1 : 0) + (phonemes % PHONEME_BASE > 0 ? 1 : 0),
    });
  }
  return units.toReversed();
}
