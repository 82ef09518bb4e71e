import { firstRow, nextRow } from "./distance.ts";
import type { Phonemes } from "./phonemes.ts";
import type { Pronunciations } from "./pronunciations.ts";

/** A word near a target, with the distances a search was after. */
export interface SoundMatch {
  readonly word: string;
  /** Distance to each prefix of the target: `distances[k]` to its first k phonemes, the last to all of it. */
  readonly distances: Float32Array;
}

/**
 * Every word of a dictionary sorted by sound, so that words with the same beginning lie side by side and share the
 * first rows of the edit distance table. A search walks the list once and passes over every stretch whose common
 * beginning is already too far away.
 */
export interface SoundIndex {
  /** Words at most `limit` from some prefix of the target (one entry a pronunciation), in order of sound. */
  nearPrefixes(target: Phonemes, limit: number): SoundMatch[];
}

/** Sorts the dictionary at the first search, once for each dictionary: about 0.5 s for CMU's. */
export function createSoundIndex(pronunciations: Pronunciations): SoundIndex {
  return {
    nearPrefixes(target, limit) {
      const { words, sounds, starts, shared } = sortBySound(pronunciations);
      const matches: SoundMatch[] = [];
      const rows: Float32Array[] = [firstRow(target)];
      // Rows 0..valid belong to the beginning shared with the word looked at last.
      let valid = 0;
      let tooFarFrom = Infinity;
      for (let i = 0; i < words.length; i++) {
        const common = shared[i]!;
        if (common >= tooFarFrom) continue;
        tooFarFrom = Infinity;
        valid = Math.min(valid, common);
        const start = starts[i]!;
        const length = starts[i + 1]! - start;
        let least = 0;
        for (let depth = valid; depth < length; depth++) {
          rows[depth + 1] ??= new Float32Array(target.length + 1);
          least = nextRow(rows[depth]!, { phoneme: sounds[start + depth]!, target, into: rows[depth + 1]! });
          valid = depth + 1;
          if (least <= limit) continue;
          tooFarFrom = valid;
          break;
        }
        if (tooFarFrom !== Infinity) continue;
        const distances = rows[length]!;
        if (distances.some((distance) => distance <= limit))
          matches.push({ word: words[i]!, distances: distances.slice() });
      }
      return matches;
    },
  };
}

interface Sorted {
  readonly words: readonly string[];
  /** Concatenated for all words: a hundred thousand separate arrays would take 30 MB and slow every garbage collection. */
  readonly sounds: Uint8Array;
  /** Where each word's begins, and the end of the last. */
  readonly starts: Int32Array;
  /** How many first phonemes each word shares with the one before it. */
  readonly shared: Uint8Array;
}

const sortedOnce = new WeakMap<Pronunciations, Sorted>();

function sortBySound(pronunciations: Pronunciations): Sorted {
  const known = sortedOnce.get(pronunciations);
  if (known !== undefined) return known;
  const entries: { word: string; sound: Phonemes; key: string }[] = [];
  for (const word of pronunciations.words)
    for (const sound of pronunciations.ofWord(word)) entries.push({ word, sound, key: soundKey(sound) });
  // By code units, and by word among homophones: the order never depends on the machine's language.
  entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.word < b.word ? -1 : 1));
  const starts = new Int32Array(entries.length + 1);
  for (const [i, { sound }] of entries.entries()) starts[i + 1] = starts[i]! + sound.length;
  const sounds = new Uint8Array(starts[entries.length]!);
  const shared = new Uint8Array(entries.length);
  for (const [i, { sound }] of entries.entries()) {
    sounds.set(sound, starts[i]);
    if (i > 0) shared[i] = commonLength(entries[i - 1]!.sound, sound);
  }
  const sorted = { words: entries.map(({ word }) => word), sounds, starts, shared };
  sortedOnce.set(pronunciations, sorted);
  return sorted;
}

/** Sorts as the phonemes do: one character each. */
const soundKey = (sound: Phonemes): string => String.fromCharCode(...sound.map((phoneme) => phoneme + 1));

function commonLength(a: Phonemes, b: Phonemes): number {
  const limit = Math.min(a.length, b.length, 255);
  let common = 0;
  while (common < limit && a[common] === b[common]) common++;
  return common;
}
