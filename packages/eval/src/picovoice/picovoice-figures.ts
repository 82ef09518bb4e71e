import { type DecisionTiming, sustainedScores } from "@callsign/infer/internal";
import { type Interval, wilsonInterval } from "../statistics/confidence-interval.ts";
import { type ScoreTrack, stepEndMs, trackDetections } from "../detection/score-track.ts";

/** Position of a word in the mix, in milliseconds; `toMs` includes the half second in which a detection still counts. */
export interface WordSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Figures of a model on a mix, at the threshold with the fewest misses within the rate of false accepts. */
export interface PicovoiceFigures {
  readonly hours: number;
  readonly words: number;
  /** Null if no threshold is within the rate. */
  readonly threshold: number | null;
  /** Counted by word: several detections in one word count once. */
  readonly events: {
    readonly missRate: number;
    readonly misses: number;
    readonly interval: Interval;
    readonly falseAccepts: number;
    readonly falseAcceptsPerHour: number;
  };
  /** Counted as in the benchmark's own code: words minus detections in words, which can be negative. */
  readonly raw: { readonly missRate: number; readonly detectionsInWords: number };
}

/** Time after a word in which the benchmark still counts a detection for it. */
export const GRACE_MS = 500;

/** Most thresholds tried. */
const MAX_THRESHOLDS = 3000;

/** Lowers the threshold from the highest score while false accepts stay within the rate, and keeps the best. */
export function picovoiceFigures(
  track: ScoreTrack,
  options: {
    readonly words: readonly WordSpan[];
    readonly decision: DecisionTiming;
    readonly falseAcceptsPerHour: number;
  },
): PicovoiceFigures {
  const { words, decision, falseAcceptsPerHour } = options;
  const hours = (track.scores.length * track.hopMs) / 3_600_000;
  const sustained = sustainedScores(track.scores, decision.patience);
  const countAt = (threshold: number): Counts =>
    countSteps(trackDetections(track, { ...decision, threshold, sustained }), { track, words });
  let best: { readonly threshold: number | null } & Counts = {
    threshold: null,
    heard: 0,
    inWords: 0,
    outside: 0,
  };
  for (const threshold of candidates(sustained, track.hopMs)) {
    const counts = countAt(threshold);
    if (counts.outside / hours > falseAcceptsPerHour) break;
    if (counts.heard > best.heard || best.threshold === null) best = { threshold, ...counts };
  }
  const misses = words.length - best.heard;
  return {
    hours,
    words: words.length,
    threshold: best.threshold,
    events: {
      missRate: misses / words.length,
      misses,
      interval: wilsonInterval(misses, words.length),
      falseAccepts: best.outside,
      falseAcceptsPerHour: best.outside / hours,
    },
    raw: { missRate: (words.length - best.inWords) / words.length, detectionsInWords: best.inWords },
  };
}

interface Counts {
  readonly heard: number;
  readonly inWords: number;
  readonly outside: number;
}

/** Assigns detections to words. Both are in order of time; words overlap by at most the grace period. */
function countSteps(
  steps: readonly number[],
  { track, words }: { readonly track: ScoreTrack; readonly words: readonly WordSpan[] },
): Counts {
  const heard = new Set<number>();
  let outside = 0;
  let next = 0;
  for (const step of steps) {
    const at = stepEndMs(track, step);
    while (next < words.length && words[next]!.toMs < at) next++;
    if (next < words.length && words[next]!.fromMs <= at) heard.add(next);
    else outside++;
  }
  return { heard: heard.size, inWords: steps.length - outside, outside };
}

/** Candidate thresholds: the highest score of every second, distinct, in descending order. */
function candidates(sustained: Float32Array, hopMs: number): number[] {
  const block = Math.max(1, Math.round(1000 / hopMs));
  const peaks = new Set<number>();
  for (let at = 0; at < sustained.length; at += block) {
    let peak = -1;
    for (let i = at; i < Math.min(sustained.length, at + block); i++) peak = Math.max(peak, sustained[i]!);
    if (peak >= 0) peaks.add(peak);
  }
  return [...peaks].toSorted((a, b) => b - a).slice(0, MAX_THRESHOLDS);
}
