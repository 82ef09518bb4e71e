import { CallsignError } from "@callsign/audio/internal";
import { type DecisionTiming, firstHit, type ScoreTrack, stepsAt, sustainedScores } from "./score-track.ts";

/** Misses and false accepts from one threshold down to the next point's. */
export interface DetPoint {
  /** Highest threshold with these counts. Null for the first point, above every score: nothing is ever detected. */
  readonly threshold: number | null;
  readonly misses: number;
  readonly falseAccepts: number;
  readonly falseRejectRate: number;
  readonly falseAcceptsPerHour: number;
}

/** Detection error trade-off: false rejects against false accepts, over all thresholds, after the decision stage. */
export interface DetCurve {
  readonly positives: number;
  readonly negativeHours: number;
  /** Thresholds falling; every change of either count, so nothing lies between two points. */
  readonly points: readonly DetPoint[];
}

export interface DetOptions {
  /** One utterance of the word each: heard if a detection falls within the track's span, however many do. */
  readonly positives: readonly ScoreTrack[];
  /** Without the word: every detection is a false accept. */
  readonly negatives: readonly ScoreTrack[];
  /** Default the length of the negative tracks. */
  readonly negativeHours?: number;
  readonly decision: DecisionTiming;
  /** The curve ends where it comes to more. Default 100. */
  readonly mostFalseAcceptsPerHour?: number;
}

/**
 * The exact curve: every threshold at which a count changes is visited from above, and each recording is decided anew
 * there as the shipped decision stage would. Because of the refractory period a lower threshold may now and then give
 * one false accept less. @throws CallsignError `INVALID_ARGUMENT` without positives or negative hours
 */
export function detCurve(options: DetOptions): DetCurve {
  const { positives, negatives, decision, mostFalseAcceptsPerHour = 100 } = options;
  const negativeHours = options.negativeHours ?? hoursOf(negatives);
  if (positives.length === 0 || !(negativeHours > 0))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `detCurve: expected positives and some time without the word, got ${positives.length} positives and ${negativeHours} hours`,
    );
  const missed = tallyOf(positives, decision, (track, steps) => Number(firstHit(track, steps) === undefined));
  const accepted = tallyOf(negatives, decision, (_, steps) => steps.length);
  const points: DetPoint[] = [];
  const add = (threshold: number | null): void => {
    const { count: misses } = missed;
    const { count: falseAccepts } = accepted;
    const last = points.at(-1);
    if (last?.misses === misses && last.falseAccepts === falseAccepts) return;
    const falseRejectRate = misses / positives.length;
    points.push({
      threshold,
      misses,
      falseAccepts,
      falseRejectRate,
      falseAcceptsPerHour: falseAccepts / negativeHours,
    });
  };
  add(null);
  for (;;) {
    const level = Math.max(missed.nextLevel, accepted.nextLevel);
    if (level < 0) break;
    missed.lowerTo(level);
    accepted.lowerTo(level);
    add(level);
    if (accepted.count / negativeHours > mostFalseAcceptsPerHour) break;
  }
  return { positives: positives.length, negativeHours, points };
}

/**
 * Mean false-reject rate from one rate of false accepts per hour to another, evenly over its logarithm: one figure for
 * a whole curve, 0 perfect and 1 deaf. By default from 0.1 to 10.
 */
export function detArea(
  curve: DetCurve,
  { from = 0.1, to = 10 }: { from?: number; to?: number } = {},
): number {
  let area = 0;
  let at = from;
  // Best rate that a budget of false accepts allows: steps down as the budget grows.
  let lowest = 1;
  let most = 0;
  for (const { falseAcceptsPerHour, falseRejectRate } of curve.points) {
    most = Math.max(most, falseAcceptsPerHour);
    const next = Math.min(to, Math.max(at, most));
    area += lowest * Math.log(next / at);
    at = next;
    lowest = Math.min(lowest, falseRejectRate);
  }
  return (area + lowest * Math.log(to / at)) / Math.log(to / from);
}

/** A count over tracks that is kept up while the threshold is lowered. */
interface Tally {
  readonly count: number;
  /** Highest score not yet reached; -1 when there is none. */
  readonly nextLevel: number;
  lowerTo(level: number): void;
}

function tallyOf(
  tracks: readonly ScoreTrack[],
  decision: DecisionTiming,
  countOf: (track: ScoreTrack, steps: readonly number[]) => number,
): Tally {
  const sustained = tracks.map(({ scores }) => sustainedScores(scores, decision.patience));
  const { levels, owners } = descendingLevels(sustained);
  const counts = tracks.map((track) => countOf(track, []));
  let count = counts.reduce((sum, value) => sum + value, 0);
  let next = 0;
  return {
    get count() {
      return count;
    },
    get nextLevel() {
      return levels[next] ?? -1;
    },
    lowerTo(threshold) {
      const changed = new Set<number>();
      for (; next < levels.length && levels[next]! >= threshold; next++) changed.add(owners[next]!);
      for (const i of changed) {
        const now = countOf(
          tracks[i]!,
          stepsAt(tracks[i]!, { ...decision, threshold, sustained: sustained[i]! }),
        );
        count += now - counts[i]!;
        counts[i] = now;
      }
    },
  };
}

/** Every score that a track's decision can change at, falling, and whose it is. */
function descendingLevels(tracks: readonly Float32Array[]): { levels: Float32Array; owners: Uint32Array } {
  const total = tracks.reduce((sum, { length }) => sum + length, 0);
  const scores = new Float32Array(total);
  const track = new Uint32Array(total);
  let filled = 0;
  for (const [owner, sustained] of tracks.entries()) {
    for (const score of sustained) {
      if (!(score >= 0)) continue;
      scores[filled] = score;
      track[filled++] = owner;
    }
  }
  const order = Uint32Array.from({ length: filled }, (_, i) => i).toSorted((a, b) => scores[b]! - scores[a]!);
  return {
    levels: Float32Array.from(order, (i) => scores[i]!),
    owners: Uint32Array.from(order, (i) => track[i]!),
  };
}

const hoursOf = (tracks: readonly ScoreTrack[]): number =>
  tracks.reduce((sum, { scores, hopMs }) => sum + scores.length * hopMs, 0) / 3_600_000;
