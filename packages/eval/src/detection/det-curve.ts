import { CallsignError } from "@callsign/audio/internal";
import { type DecisionTiming, sustainedScores } from "@callsign/infer/internal";
import type { ErrorRates } from "./det-area.ts";
import { firstHit, type ScoreTrack, trackDetections } from "./score-track.ts";

/** Errors at a threshold, and at every lower one down to that of the next point. */
export interface DetPoint extends ErrorRates {
  /** Highest threshold with these counts. Null for the first point, above every score: nothing is detected. */
  readonly threshold: number | null;
  readonly misses: number;
  readonly falseAccepts: number;
}

/** Detection error trade-off: false rejects against false accepts, over all thresholds, after the decision stage. */
export interface DetCurve {
  readonly positives: number;
  readonly negativeHours: number;
  /** By descending threshold; one point for every change of either count. */
  readonly points: readonly DetPoint[];
}

export interface DetOptions {
  /** Recordings of one utterance of the word each; a hit if at least one detection falls within the track's span. */
  readonly positives: readonly ScoreTrack[];
  /** Recordings without the word: every detection is a false accept. */
  readonly negatives: readonly ScoreTrack[];
  /** Hours of negative audio. Default: the length of the negative tracks. */
  readonly negativeHours?: number;
  readonly decision: DecisionTiming;
  /** The curve ends at the first point above this rate. Default 100. */
  readonly maxFalseAcceptsPerHour?: number;
}

/**
 * Exact DET curve: visits every threshold at which a count changes, highest first, and runs the decision stage on each
 * recording that changes there. Because of the refractory period a lower threshold can have one false accept fewer.
 * @throws CallsignError `INVALID_ARGUMENT` without positives or negative hours
 */
export function detCurve(options: DetOptions): DetCurve {
  const { positives, negatives, decision, maxFalseAcceptsPerHour = 100 } = options;
  const negativeHours = options.negativeHours ?? hoursOf(negatives);
  if (positives.length === 0 || !(negativeHours > 0))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `detCurve: expected positives and hours of audio without the word, got ${positives.length} positives and ${negativeHours} hours`,
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
    if (accepted.count / negativeHours > maxFalseAcceptsPerHour) break;
  }
  return { positives: positives.length, negativeHours, points };
}

/** Count over all tracks, updated as the threshold is lowered. */
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
          trackDetections(tracks[i]!, { ...decision, threshold, sustained: sustained[i]! }),
        );
        count += now - counts[i]!;
        counts[i] = now;
      }
    },
  };
}

/** Every score at which a track's decisions can change, in descending order, with the index of its track. */
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
