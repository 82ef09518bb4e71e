import { CallsignError } from "@callsign/audio/internal";
import { type DecisionTiming, sustainedScores } from "@callsign/infer/internal";
import type { ErrorRates } from "./det-area.ts";
import { type Outcome, outcomeOf, type ScoreTrack, trackDetections } from "./score-track.ts";

/** Errors at a threshold, and at every lower one down to that of the next point. */
export interface DetPoint extends ErrorRates {
  /** Highest threshold with these counts. Null for the first point, above every score: nothing is detected. */
  readonly threshold: number | null;
  readonly misses: number;
  readonly falseAccepts: number;
  /** False accepts in recordings of the word: all detections there except the first one of the word. */
  readonly extraDetections: number;
}

/** Detection error trade-off: false rejects against false accepts, over all thresholds, after the decision stage. */
export interface DetCurve {
  readonly positives: number;
  readonly negativeHours: number;
  /** By descending threshold, one for every threshold at which a count changes. */
  readonly points: readonly DetPoint[];
}

export interface DetOptions {
  /**
   * Recordings with one utterance of the word each. The first detection within the track's span is a hit, all others are false
   * accepts.
   */
  readonly positives: readonly ScoreTrack[];
  /** Recordings without the word: every detection is a false accept. */
  readonly negatives: readonly ScoreTrack[];
  /** Hours of negative audio. Default: the length of the negative tracks. */
  readonly negativeHours?: number;
  readonly decision: DecisionTiming;
  /** The sweep ends at the first point above this rate. Default 100. */
  readonly maxFalseAcceptsPerHour?: number;
}

/** Change of one recording's counts at a threshold, relative to the thresholds above it. */
export interface CountChange {
  readonly threshold: number;
  readonly isPositive: boolean;
  /** Index among the positives or the negatives. */
  readonly index: number;
  readonly misses: number;
  readonly falseAccepts: number;
}

/** A DET curve and the recordings behind each of its points. */
export interface ThresholdSweep {
  readonly curve: DetCurve;
  /** By descending threshold. */
  readonly changes: readonly CountChange[];
}

/** DET curve of a sweep over thresholds. @throws as `sweepThresholds` */
export const detCurve = (options: DetOptions): DetCurve => sweepThresholds(options).curve;

/**
 * Exact sweep: visits every threshold at which a count changes, highest first, and runs the decision stage on each
 * recording that changes there. Because of the refractory period a lower threshold can have one false accept fewer.
 * @throws CallsignError `INVALID_ARGUMENT` without positives or negative hours
 */
export function sweepThresholds(options: DetOptions): ThresholdSweep {
  const { positives, negatives, decision, maxFalseAcceptsPerHour = 100 } = options;
  const negativeHours = options.negativeHours ?? hoursOf(negatives);
  if (positives.length === 0 || !(negativeHours > 0))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `detCurve: expected positives and hours of audio without the word, got ${positives.length} positives and ${negativeHours} hours`,
    );
  const tracks = [...positives, ...negatives];
  const sustained = tracks.map(({ scores }) => sustainedScores(scores, decision.patience));
  const outcomes: Outcome[] = tracks.map(() => ({ hit: undefined, falseAccepts: 0 }));
  const total = { misses: positives.length, falseAccepts: 0, extraDetections: 0 };
  const points: DetPoint[] = [pointOf(null, { total, positives: positives.length, negativeHours })];
  const changes: CountChange[] = [];
  for (const { threshold, owners } of descendingLevels(sustained)) {
    const before = changes.length;
    for (const i of owners) {
      const isPositive = i < positives.length;
      const steps = trackDetections(tracks[i]!, { ...decision, threshold, sustained: sustained[i]! });
      const now = isPositive ? outcomeOf(tracks[i]!, steps) : { hit: undefined, falseAccepts: steps.length };
      const was = outcomes[i]!;
      outcomes[i] = now;
      const misses = Number(now.hit === undefined) - Number(was.hit === undefined);
      const falseAccepts = now.falseAccepts - was.falseAccepts;
      if (misses === 0 && falseAccepts === 0) continue;
      total.misses += misses;
      total.falseAccepts += falseAccepts;
      if (isPositive) total.extraDetections += falseAccepts;
      const index = isPositive ? i : i - positives.length;
      changes.push({ threshold, isPositive, index, misses, falseAccepts });
    }
    const last = points.at(-1)!;
    const isNew =
      last.misses !== total.misses ||
      last.falseAccepts !== total.falseAccepts ||
      last.extraDetections !== total.extraDetections;
    if (changes.length > before && isNew)
      points.push(pointOf(threshold, { total, positives: positives.length, negativeHours }));
    if (total.falseAccepts / negativeHours > maxFalseAcceptsPerHour) break;
  }
  return { curve: { positives: positives.length, negativeHours, points }, changes };
}

function pointOf(
  threshold: number | null,
  options: {
    readonly total: Pick<DetPoint, "misses" | "falseAccepts" | "extraDetections">;
    readonly positives: number;
    readonly negativeHours: number;
  },
): DetPoint {
  const { total, positives, negativeHours } = options;
  return {
    threshold,
    ...total,
    falseRejectRate: total.misses / positives,
    falseAcceptsPerHour: total.falseAccepts / negativeHours,
  };
}

/** All scores at which decisions can change, in descending order, with the indices of the tracks that have them. */
function* descendingLevels(
  tracks: readonly Float32Array[],
): Generator<{ readonly threshold: number; readonly owners: readonly number[] }> {
  const keys = sortedKeys(tracks);
  const bits = new Uint32Array(1);
  const score = new Float32Array(bits.buffer);
  for (let next = keys.length - 1; next >= 0;) {
    const level = Math.floor(keys[next]! / MAX_TRACKS);
    const owners: number[] = [];
    for (; next >= 0 && Math.floor(keys[next]! / MAX_TRACKS) === level; next--) {
      const owner = keys[next]! % MAX_TRACKS;
      if (owners.at(-1) !== owner) owners.push(owner);
    }
    bits[0] = level;
    yield { threshold: score[0]!, owners };
  }
}

/**
 * Scores with their tracks as sorted numbers: the bits of a float32 of 0 or more sort as the float does, and with the index
 * of the track below them they fill the 53 bits of a double. A sort without a comparator is ten times as fast.
 */
function sortedKeys(tracks: readonly Float32Array[]): Float64Array {
  const total = tracks.reduce((sum, { length }) => sum + length, 0);
  const keys = new Float64Array(total);
  let filled = 0;
  for (const [owner, sustained] of tracks.entries()) {
    const bits = new Uint32Array(sustained.buffer, sustained.byteOffset, sustained.length);
    // Skips scores below 0, which stand for none. Negative zero would sort above all others.
    for (let i = 0; i < sustained.length; i++)
      if (sustained[i]! >= 0) keys[filled++] = (sustained[i] === 0 ? 0 : bits[i]!) * MAX_TRACKS + owner;
  }
  return keys.subarray(0, filled).toSorted();
}

/** 53 bits less the 32 of a float. */
const MAX_TRACKS = 2 ** 21;

const hoursOf = (tracks: readonly ScoreTrack[]): number =>
  tracks.reduce((sum, { scores, hopMs }) => sum + scores.length * hopMs, 0) / 3_600_000;
