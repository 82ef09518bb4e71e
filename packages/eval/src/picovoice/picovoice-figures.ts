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
  let best: { readonly threshold: number | null } & Counts = {
    threshold: null,
    heard: 0,
    inWords: 0,
    outside: 0,
  };
  for (const { threshold, among } of withSteps(candidates(sustained, track.hopMs), sustained)) {
    const steps = trackDetections(track, { ...decision, threshold, sustained, among });
    const counts = countSteps(steps, { track, words });
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

/** Descending thresholds, each with the steps that may reach it: few of the million steps of a day reach a high threshold. */
function* withSteps(
  thresholds: readonly number[],
  sustained: Float32Array,
): Generator<{ readonly threshold: number; readonly among: Uint32Array }> {
  for (let from = 0; from < thresholds.length; from += THRESHOLDS_AT_ONCE) {
    const some = thresholds.slice(from, from + THRESHOLDS_AT_ONCE);
    const lowest = some.at(-1)!;
    const steps: number[] = [];
    for (let i = 0; i < sustained.length; i++) if (sustained[i]! >= lowest) steps.push(i);
    const among = Uint32Array.from(steps);
    for (const threshold of some) yield { threshold, among };
  }
}

/** Thresholds that share one list of steps. */
const THRESHOLDS_AT_ONCE = 100;

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
