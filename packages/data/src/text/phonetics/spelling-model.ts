import { learnAlignment, type Spelled, type Unit } from "./align-letters.ts";
import { parsePhonemes } from "./phonemes.ts";

/** A pronunciation and its probability. */
interface Reading {
  /** ARPAbet with stress: `"SH IY0 AO1 R SH AH0"`. */
  readonly sound: string;
  readonly probability: number;
}

/** Guesses pronunciations of words that the dictionary lacks. */
export interface SpellingModel {
  /** The most probable pronunciations of a word of letters a to z, best first; each has one primary stress. */
  read(word: string, options: { readonly count: number }): Reading[];
}

/**
 * A model of English spelling learned from a dictionary: n-grams of units of letters and phonemes (Bisani and Ney 2008,
 * joint-sequence models), with absolute discounting and beam search. Learning takes about a second, and each word a
 * quarter of one, in which only the n-grams that its letters allow are counted.
 * @param entries words with their ARPAbet, stress included
 */
export function createSpellingModel(entries: Iterable<readonly [string, string]>): SpellingModel {
  const corpus = tokenize(entries);
  return {
    read(word, { count }) {
      const root = countNgrams(corpus, word);
      return search(word, { root, units: corpus.units, count });
    },
  };
}

interface TokenUnit {
  readonly letters: string;
  /** ARPAbet with stress, empty for silent letters. */
  readonly sound: string;
  readonly primary: number;
}

const BEGIN = 0;
const END = 1;

/** All words of the dictionary in a row, each between BEGIN and END. */
interface Corpus {
  readonly tokens: Int32Array;
  readonly units: readonly TokenUnit[];
}

function tokenize(entries: Iterable<readonly [string, string]>): Corpus {
  const words: (Spelled & { names: string[] })[] = [];
  for (const [word, arpabet] of entries) {
    if (!/^[a-z]{2,24}$/.test(word)) continue;
    const names = arpabet.replace(/ *#.*/, "").split(" ");
    words.push({ word, names, phonemes: parsePhonemes(arpabet) });
  }
  const align = learnAlignment(words);
  const seen = new SeenUnits();
  // Numbers of units, word after word, each word between BEGIN and END.
  const aligned: number[] = [];
  for (const word of words) {
    const parts = align(word);
    if (parts === undefined) continue;
    aligned.push(BEGIN);
    seen.addWord(word, { parts, to: aligned });
    aligned.push(END);
  }
  const ids = new Int32Array(seen.units.length).fill(-1);
  ids[BEGIN] = BEGIN;
  ids[END] = END;
  const units = seen.units.slice(0, 2);
  const tokens: number[] = [];
  for (let from = 0; from < aligned.length;) {
    const to = aligned.indexOf(END, from) + 1;
    const word = aligned.slice(from, to);
    from = to;
    if (word.some((unit) => seen.wordsWith(unit) < MIN_WORDS)) continue;
    for (const unit of word) {
      if (ids[unit] === -1) ids[unit] = units.push(seen.units[unit]!) - 1;
      tokens.push(ids[unit]!);
    }
  }
  return { tokens: Int32Array.from(tokens), units };
}

/** Units of aligned words by number, and how often each occurs, whatever its stress. */
class SeenUnits {
  readonly units: TokenUnit[] = [
    { letters: "", sound: "", primary: 0 },
    { letters: "", sound: "", primary: 0 },
  ];
  readonly #numbers = new Map<string, number>();
  /** For each unit the number of the same one without stress. */
  readonly #bare: number[] = [0, 1];
  readonly #bareNumbers = new Map<string, number>();
  readonly #counts: number[] = [Infinity, Infinity];

  addWord(
    { word, names }: { word: string; names: readonly string[] },
    { parts, to }: { parts: readonly Unit[]; to: number[] },
  ): void {
    let [letter, phoneme] = [0, 0];
    for (const unit of parts) {
      const letters = word.slice(letter, (letter += unit.letters));
      const sound =
        unit.phonemes === 1
          ? (names[phoneme] ?? "")
          : names.slice(phoneme, phoneme + unit.phonemes).join(" ");
      phoneme += unit.phonemes;
      const number = this.#number(letters, sound);
      this.#counts[this.#bare[number]!]!++;
      to.push(number);
    }
  }

  wordsWith(unit: number): number {
    return this.#counts[this.#bare[unit]!]!;
  }

  #number(letters: string, sound: string): number {
    const key = `${letters}:${sound}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.units.push({ letters, sound, primary: sound.split("1").length - 1 }) - 1;
    this.#numbers.set(key, number);
    const bare = key.replaceAll(/\d/g, "");
    let bareNumber = this.#bareNumbers.get(bare);
    if (bareNumber === undefined) {
      this.#bareNumbers.set(bare, (bareNumber = this.#counts.length));
      this.#counts.push(0);
    }
    this.#bare[number] = bareNumber;
    return number;
  }
}

/** Minimum number of words with a unit. Words with rarer units (abbreviations, unique spellings) are left out. */
const MIN_WORDS = 10;

/** For each unit, a bit set of the positions of its letters in the word; bit 0 is the beginning of the word. */
function placesOf(units: readonly TokenUnit[], word: string): Int32Array {
  const placesOfLetters = new Map<string, number>();
  for (let at = 0; at < word.length; at++) {
    for (const letters of new Set([word.slice(at, at + 1), word.slice(at, at + 2)]))
      placesOfLetters.set(letters, (placesOfLetters.get(letters) ?? 0) | (1 << at));
  }
  const places = Int32Array.from(units, ({ letters }) => placesOfLetters.get(letters) ?? 0);
  places[BEGIN] = 1;
  places[END] = 1 << word.length;
  return places;
}

/** Counts of the units that follow a context, which is the path from the root. */
interface Context {
  count: number;
  total: number;
  readonly next: Map<number, Context>;
  /** Successors that are not possible in the word; only their number is used. */
  readonly others: Set<number>;
}

/** Longest n-gram, in units. */
const ORDER = 6;
const DISCOUNT = 0.6;

const createContext = (): Context => ({ count: 0, total: 0, next: new Map(), others: new Set() });

function countNgrams({ tokens, units }: Corpus, word: string): Context {
  const places = placesOf(units, word);
  const lengths = Uint8Array.from(units, ({ letters }) => letters.length);
  const root = createContext();
  root.total = tokens.length;
  for (let start = 0; start < tokens.length; start++) {
    let here = places[tokens[start]!]!;
    let context = root;
    for (let at = start; here !== 0; at++) {
      const token = tokens[at]!;
      let next = context.next.get(token);
      if (next === undefined) context.next.set(token, (next = createContext()));
      next.count++;
      if (token === END || at === start + ORDER - 1) break;
      context = next;
      context.total++;
      here = (here << lengths[token]!) & places[tokens[at + 1]!]!;
      if (here === 0) context.others.add(tokens[at + 1]!);
    }
  }
  return root;
}

interface Hypothesis {
  /** Contexts of the last units, the shortest (the root) first. */
  readonly contexts: readonly Context[];
  readonly sound: string;
  readonly primary: number;
  readonly score: number;
}

const BEAM = 300;

function search(
  word: string,
  { root, units, count }: { root: Context; units: readonly TokenUnit[]; count: number },
): Reading[] {
  const byLetters = new Map<string, number[]>();
  for (const id of root.next.keys()) {
    const { letters } = units[id]!;
    byLetters.set(letters, [...(byLetters.get(letters) ?? []), id]);
  }
  const beams: Hypothesis[][] = Array.from({ length: word.length + 1 }, () => []);
  beams[0] = [{ contexts: advance([root], BEGIN), sound: "", primary: 0, score: 0 }];
  for (let at = 0; at < word.length; at++) {
    const kept = beams[at]!.toSorted((a, b) => b.score - a.score).slice(0, BEAM);
    for (const hypothesis of kept) {
      for (const letters of new Set([word.slice(at, at + 1), word.slice(at, at + 2)])) {
        for (const id of byLetters.get(letters) ?? []) {
          const { sound, primary } = units[id]!;
          if (hypothesis.primary + primary > 1) continue;
          beams[at + letters.length]!.push({
            contexts: advance(hypothesis.contexts, id),
            sound: sound === "" ? hypothesis.sound : `${hypothesis.sound} ${sound}`,
            primary: hypothesis.primary + primary,
            score: hypothesis.score + Math.log(probability(hypothesis.contexts, id)),
          });
        }
      }
    }
  }
  const found = new Map<string, number>();
  for (const { contexts, sound, primary, score } of beams[word.length]!) {
    if (primary !== 1) continue;
    const likelihood = Math.exp(score) * probability(contexts, END);
    found.set(sound.trim(), (found.get(sound.trim()) ?? 0) + likelihood);
  }
  const total = [...found.values()].reduce((sum, each) => sum + each, 0);
  return Array.from(found, ([sound, each]) => ({ sound, probability: each / total }))
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, count);
}

function advance(contexts: readonly Context[], id: number): Context[] {
  const longer = contexts.slice(0, ORDER - 1).map((context) => context.next.get(id));
  return [
    contexts[0]!,
    ...longer.filter((context) => context !== undefined && context.total > 0),
  ] as Context[];
}

/** Probability of a unit by absolute discounting, from the shortest context to the longest. */
function probability(contexts: readonly Context[], id: number): number {
  let p = 0;
  for (const [length, { next, total, others }] of contexts.entries()) {
    const seen = next.get(id)?.count ?? 0;
    if (length === 0) p = seen / total;
    else {
      const spared = (DISCOUNT * (next.size + others.size)) / total;
      p = Math.max(0, seen - DISCOUNT) / total + spared * p;
    }
  }
  return p;
}
