import { INSERTION_COST, SUBSTITUTION_COST } from "./costs.ts";
import { PHONEMES, type Phonemes } from "./phonemes.ts";

/**
 * Weighted edit distance between two pronunciations: 0 for homophones, about 0.2 for one voicing or near-vowel change,
 * about 0.75 for one consonant more or fewer. Symmetric, and keeps the triangle inequality between insertions and
 * substitutions; stress plays no part.
 */
export function phonemeDistance(a: Phonemes, b: Phonemes): number {
  let row = firstRow(b);
  let next: Float32Array = new Float32Array(row.length);
  for (const phoneme of a) {
    nextRow(row, { phoneme, target: b, into: next });
    [row, next] = [next, row];
  }
  return row[b.length]!;
}

/**
 * Distance from `part` to the stretch of `whole` most like it: 0 when `whole` contains the sound of `part`, as "alexas"
 * contains "alexa" and "a computer" "computer".
 */
export function containedDistance(part: Phonemes, whole: Phonemes): number {
  // The rows run along `part`, and a match may begin anywhere in `whole`: the empty prefix of `part` is free.
  let row = firstRow(part);
  let next: Float32Array = new Float32Array(row.length);
  let best = row[part.length]!;
  for (const phoneme of whole) {
    nextRow(row, { phoneme, target: part, into: next });
    next[0] = 0;
    // Recompute nothing: column 0 only matters to the row after, and to insertions at the very start of this one.
    relaxFromStart(next, part);
    best = Math.min(best, next[part.length]!);
    [row, next] = [next, row];
  }
  return best;
}

/** Row 0 of the table: what the prefixes of `target` cost against nothing. */
export function firstRow(target: Phonemes): Float32Array {
  const row = new Float32Array(target.length + 1);
  for (let j = 0; j < target.length; j++) row[j + 1] = row[j]! + INSERTION_COST[target[j]!]!;
  return row;
}

/** The row after `row`, for one more phoneme of the candidate. @returns its least value, which no later row goes below */
export function nextRow(
  row: Float32Array,
  { phoneme, target, into }: { phoneme: number; target: Phonemes; into: Float32Array },
): number {
  const removal = INSERTION_COST[phoneme]!;
  const costs = phoneme * PHONEMES.length;
  let diagonal = row[0]!;
  let left = diagonal + removal;
  let least = left;
  into[0] = left;
  for (let j = 0; j < target.length; j++) {
    const wanted = target[j]!;
    const above = row[j + 1]!;
    let value = diagonal + SUBSTITUTION_COST[costs + wanted]!;
    if (above + removal < value) value = above + removal;
    if (left + INSERTION_COST[wanted]! < value) value = left + INSERTION_COST[wanted]!;
    into[j + 1] = value;
    if (value < least) least = value;
    diagonal = above;
    left = value;
  }
  return least;
}

function relaxFromStart(row: Float32Array, target: Phonemes): void {
  for (let j = 0; j < target.length; j++) {
    const value = row[j]! + INSERTION_COST[target[j]!]!;
    if (value >= row[j + 1]!) return;
    row[j + 1] = value;
  }
}
