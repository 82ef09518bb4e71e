import type { Random } from "../random.ts";
import { isFamiliar, isOffensive } from "./familiar-words.ts";
import { spokenWords } from "./spoken-text.ts";
import type { Phonemes } from "./phonetics/phonemes.ts";
import { MAX_SOUNDS } from "./phonetics/guess-sounds.ts";
import type { Pronunciations } from "./phonetics/pronunciations.ts";
import type { SoundIndex, SoundMatch } from "./phonetics/sound-index.ts";
import type { TargetPhrases } from "./target-phrases.ts";

/** A text that sounds similar to a target phrase. */
export interface NearMiss {
  readonly text: string;
  /** Weighted phoneme distance between the replaced part of the phrase and what stands in for it. */
  readonly distance: number;
}

/** Options of a search for near-misses. */
export interface NearMissOptions {
  readonly count: number;
  /** Smallest distance; by default one clear change (0.7), less for phrases of under six phonemes (0.15 each). */
  readonly minDistance?: number;
  /** Largest distance; by default 2.2, about three phonemes. */
  readonly maxDistance?: number;
  readonly pronunciations: Pronunciations;
  readonly index: SoundIndex;
  /** Nothing that contains one of these by ear is returned. */
  readonly targets: TargetPhrases;
  readonly random: Random;
}

/**
 * Words and pairs of words from the dictionary that sound nearly like the phrase or a part of it ("commuter", "come
 * pewter"; for several words also with one or two of them replaced: "hay nimble"), never the phrase itself, a
 * homophone, or a text in which a target is heard. The distance is that to the nearest pronunciation
 * of the phrase. The nearest come first, approximately; no word is in more than an eighth
 * of them. Fewer than `count` when the dictionary has no more in range.
 * @throws CallsignError INVALID_ARGUMENT for a phrase without Latin letters or digits
 */
export function findNearMisses(phrase: string, options: NearMissOptions): NearMiss[] {
  const { count, maxDistance = 2.2, pronunciations, targets, random } = options;
  const phonemes = pronunciations.ofText(phrase)[0]!.length;
  const minDistance = options.minDistance ?? Math.min(0.7, 0.15 * phonemes);
  const penalty = unfamiliarity(pronunciations);
  const pool = new Map<string, Candidate>();
  for (const span of spansOf(spokenWords(phrase))) {
    for (const sound of pronunciations.ofText(span.words.join(" ")).slice(0, MAX_SOUNDS)) {
      for (const candidate of soundsLike(sound, { index: options.index, maxDistance, penalty })) {
        if (candidate.distance < minDistance) continue;
        const text = [...span.before, candidate.text, ...span.after].join(" ");
        if (candidate.distance < (pool.get(text)?.distance ?? Infinity)) pool.set(text, candidate);
      }
    }
  }
  const spread = (maxDistance - minDistance) / 2;
  const ranked = Array.from(pool, ([text, { distance, penalty: rare }]) => ({
    miss: { text, distance },
    rank: distance + rare + random.uniform(0, spread),
  })).toSorted((a, b) => a.rank - b.rank);
  return takeVaried(
    ranked.map(({ miss }) => miss),
    { count, targets, kept: new Set(spokenWords(phrase)) },
  );
}

interface Span {
  readonly before: readonly string[];
  readonly words: readonly string[];
  readonly after: readonly string[];
}

/** Every word and every pair of neighbours of the phrase, which are replaced while the other words stay. */
function spansOf(words: readonly string[]): Span[] {
  const cut = (from: number, to: number): Span => ({
    before: words.slice(0, from),
    words: words.slice(from, to),
    after: words.slice(to),
  });
  const singles = words.map((_, i) => cut(i, i + 1));
  const doubles = words.slice(1).map((_, i) => cut(i, i + 2));
  return [...singles, ...doubles];
}

interface Candidate {
  readonly text: string;
  readonly distance: number;
  readonly penalty: number;
}

type Penalty = (word: string) => number;

/** Distance added for a surname, whose pronunciation is less certain and which people say less. */
const UNFAMILIAR = 0.5;

function unfamiliarity(pronunciations: Pronunciations): Penalty {
  const known = new Map<string, number>();
  return (word) => {
    let penalty = known.get(word);
    if (penalty === undefined) {
      penalty = isOffensive(word) ? Infinity : isFamiliar(word, pronunciations) ? 0 : UNFAMILIAR;
      known.set(word, penalty);
    }
    return penalty;
  };
}

interface Search {
  readonly index: SoundIndex;
  readonly maxDistance: number;
  readonly penalty: Penalty;
}

function* soundsLike(sound: Phonemes, search: Search): Generator<Candidate> {
  const { index, maxDistance } = search;
  yield* candidates(index.nearPrefixes(sound, maxDistance), { ...search, at: sound.length });
  // The best alignment of two words with the phrase cuts it somewhere: try every place.
  const half = { ...search, maxDistance: Math.min(maxDistance, MOST_OF_HALF) };
  const starts = index.nearPrefixes(sound, half.maxDistance);
  for (let cut = SHORTEST_PART; cut <= sound.length - SHORTEST_PART; cut++) {
    const firsts = halves(starts, { ...half, at: cut });
    const rest = sound.subarray(cut);
    const seconds = halves(index.nearPrefixes(rest, half.maxDistance), { ...half, at: rest.length });
    for (const first of firsts) {
      for (const second of seconds) {
        const distance = first.distance + second.distance;
        if (distance > maxDistance) continue;
        const penalty = first.penalty + second.penalty + PAIR;
        yield { text: `${first.text} ${second.text}`, distance, penalty };
      }
    }
  }
}

/** Neither half of a pair may be farther off by itself: the nearest fifty never are. */
const MOST_OF_HALF = 1.2;
/** Words of a pair cover at least two phonemes of the phrase each. */
const SHORTEST_PART = 2;
/** For one half of a pair: 50 * 50 pairs a cut are far more than ever drawn. */
const MOST_PARTS = 50;
/** A pair ranks behind a single word as far off: it is easier to come by, and less likely to be said. */
const PAIR = 0.2;

interface At extends Search {
  /** Number of phonemes of the target to match. */
  readonly at: number;
}

function candidates(matches: readonly SoundMatch[], { at, maxDistance, penalty }: At): Candidate[] {
  return matches
    .filter(({ distances }) => distances[at]! <= maxDistance)
    .map(({ word, distances }) => ({ text: word, distance: distances[at]!, penalty: penalty(word) }))
    .filter((candidate) => candidate.penalty !== Infinity);
}

const halves = (matches: readonly SoundMatch[], at: At): Candidate[] =>
  candidates(matches, at)
    .filter(({ text }) => text.length > 1)
    .toSorted((a, b) => a.distance + a.penalty - (b.distance + b.penalty))
    .slice(0, MOST_PARTS);

function takeVaried(
  ranked: readonly NearMiss[],
  { count, targets, kept }: { count: number; targets: TargetPhrases; kept: ReadonlySet<string> },
): NearMiss[] {
  const mostUses = Math.max(2, Math.ceil(count / 8));
  const uses = new Map<string, number>();
  const taken: NearMiss[] = [];
  for (const miss of ranked) {
    if (taken.length >= count) break;
    const fresh = miss.text.split(" ").filter((word) => !kept.has(word));
    if (fresh.length === 0 || fresh.some((word) => (uses.get(word) ?? 0) >= mostUses)) continue;
    if (targets.isHeardIn(miss.text)) continue;
    for (const word of fresh) uses.set(word, (uses.get(word) ?? 0) + 1);
    taken.push(miss);
  }
  return taken;
}
