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
  const aligned = words.flatMap((word) => {
    const parts = align(word);
    return parts === undefined ? [] : [keysOf(word, parts)];
  });
  const counts = new Map<string, number>();
  for (const keys of aligned) for (const key of keys) counts.set(bare(key), (counts.get(bare(key)) ?? 0) + 1);
  const known = new Map<string, number>();
  const units: TokenUnit[] = [
    { letters: "", sound: "", primary: 0 },
    { letters: "", sound: "", primary: 0 },
  ];
  const tokens: number[] = [];
  for (const keys of aligned) {
    if (keys.some((key) => counts.get(bare(key))! < MIN_WORDS)) continue;
    tokens.push(BEGIN);
    for (const key of keys) {
      let id = known.get(key);
      if (id === undefined) {
        const [letters, sound] = key.split(":") as [string, string];
        id = units.push({ letters, sound, primary: sound.split("1").length - 1 }) - 1;
        known.set(key, id);
      }
      tokens.push(id);
    }
    tokens.push(END);
  }
  return { tokens: Int32Array.from(tokens), units };
}

/** Minimum number of words with a unit. Words with rarer units (abbreviations, unique spellings) are left out. */
const MIN_WORDS = 10;

/** `"sh:SH"` for each unit of a word. */
function keysOf(
  { word, names }: { word: string; names: readonly string[] },
  parts: readonly Unit[],
): string[] {
  let [letter, phoneme] = [0, 0];
  return parts.map((unit) => {
    const letters = word.slice(letter, (letter += unit.letters));
    return `${letters}:${names.slice(phoneme, (phoneme += unit.phonemes)).join(" ")}`;
  });
}

/** Without its stress. */
const bare = (key: string): string => key.replaceAll(/\d/g, "");

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
