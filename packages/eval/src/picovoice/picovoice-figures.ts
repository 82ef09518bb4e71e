import { type DecisionTiming, sustainedScores } from "@callsign/infer/internal";
import { type Interval, wilsonInterval } from "../statistics/confidence-interval.ts";
import { type ScoreTrack, stepEndMs, trackDetections } from "../detection/score-track.ts";

/** Where a word lies in the mix, in milliseconds, `toMs` with the half second in which a detection still counts. */
export interface WordSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A model on a mix, at the threshold with fewest misses that keeps to the rate. */
export interface PicovoiceFigures {
  readonly hours: number;
  readonly words: number;
  /** Null where no threshold keeps to the rate. */
  readonly threshold: number | null;
  /** A word is heard or not, however often the detector fires in it. */
  readonly events: {
    readonly missRate: number;
    readonly misses: number;
    readonly interval: Interval;
    readonly falseAccepts: number;
    readonly falseAcceptsPerHour: number;
  };
  /** As the benchmark's own loop counts: words minus firings inside any of them, which may even be below 0. */
  readonly raw: { readonly missRate: number; readonly detectionsInWords: number };
}

/** Time after a word in which the benchmark still takes a detection for it. */
export const GRACE_MS = 500;

/** Thresholds tried at most: the highest scores of every second. */
const MAX_THRESHOLDS = 3000;

/** Walks the threshold down from above every score for as long as false accepts keep to the rate. */
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

/** Steps and words are both in order of time, and words do not overlap by more than their grace. */
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

/** The highest score of every second, falling, each once. */
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
