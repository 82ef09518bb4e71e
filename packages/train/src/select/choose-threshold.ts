import { joinFloats } from "@callsign/audio/internal";
import {
  type ErrorRates,
  type FalseAcceptRange,
  poissonInterval,
  sigmoid,
  toLogit,
} from "@callsign/eval/internal";
import { type DecisionTiming, detectionSteps } from "@callsign/infer/internal";

import {
  type FalseAccept,
  type FalseAcceptTail,
  fitTail,
  TAIL_EVENTS,
  tailLogit,
  tailRate,
} from "./false-accept-tail.ts";
import type { RateHours, ScoredClip, ScoredStream } from "./scored-stream.ts";

/** Error rates at a threshold, measured on a stream in which phrases and other audio follow each other. */
export interface ThresholdPoint extends ErrorRates {
  readonly threshold: number;
}

/** Error rates of a label over all thresholds, after the decision stage. */
export interface ErrorCurve {
  /** From the highest threshold to the lowest. */
  readonly points: readonly ThresholdPoint[];
  /** Undefined with too few false accepts to fit one. */
  readonly tail: FalseAcceptTail | undefined;
  /** Highest logit of each phrase, ascending: the highest threshold that detects it. */
  readonly peaks: Float64Array;
}

/**
 * Range of false accepts per hour of the DET area of a training: from one in all its talk, since a lower rate cannot be
 * distinguished from none, to 100.
 */
export const detAreaRange = ({ talkHours }: Pick<RateHours, "talkHours">): FalseAcceptRange => ({
  from: Math.min(10, Math.max(0.1, Number((1 / talkHours).toPrecision(2)))),
  to: 100,
});

/** Expected false accepts in all the talk at the lowest rate that a tail is extrapolated to; its spread is too uncertain for lower ones. */
const MIN_EXPECTED = 0.25;

/** The target rate, or the lowest rate that can be estimated from the hours of talk if that is higher. */
export const estimableRate = (
  falseAcceptsPerHour: number,
  { talkHours }: Pick<RateHours, "talkHours">,
): number => Math.max(falseAcceptsPerHour, MIN_EXPECTED / talkHours);

/**
 * Runs the decision stage over the stream at candidate thresholds. In the tail, false accepts per hour are those of the fit, but
 * never below the 95 % interval of the count, since a word that sounds like the phrase can score above the tail of all others.
 */
export function sweepThresholds(stream: ScoredStream, timing: DecisionTiming): ErrorCurve {
  const peaks = phrasePeaks(stream);
  const clips = byPeak(stream);
  const counted: (ThresholdPoint & { readonly atLeast: number })[] = [];
  let highest: readonly FalseAccept[] = [];
  for (const threshold of candidateThresholds(stream, peaks)) {
    const { falseAccepts, falseRejectRate } = detect(stream, { clips, threshold, timing });
    const falseAcceptsPerHour = rateOf(falseAccepts);
    const { low } = poissonInterval(falseAccepts.length, 1);
    const atLeast = (falseAcceptsPerHour * low) / Math.max(1, falseAccepts.length);
    counted.push({ threshold, falseRejectRate, falseAcceptsPerHour, atLeast });
    if (highest.length <= TAIL_EVENTS) highest = falseAccepts;
    if (falseAcceptsPerHour > MAX_FALSE_ACCEPTS_PER_HOUR) break;
  }
  const tail = fitTail(highest);
  const points = counted.map(({ atLeast, ...point }) => {
    const logit = boundedLogit(point.threshold);
    if (tail === undefined || logit < tail.from) return point;
    return { ...point, falseAcceptsPerHour: Math.max(atLeast, tailRate(tail, logit)) };
  });
  return { points, tail, peaks };
}

/** Error rates at one threshold, as counted. A detection near a phrase counts as a detection of it. */
export function errorRatesAt(
  stream: ScoredStream,
  { threshold, ...timing }: DecisionTiming & { readonly threshold: number },
): ThresholdPoint {
  const { falseAccepts, falseRejectRate } = detect(stream, { clips: byPeak(stream), threshold, timing });
  return { threshold, falseRejectRate, falseAcceptsPerHour: rateOf(falseAccepts) };
}

/**
 * Chooses the threshold with the fewest misses within a rate of false accepts, with a margin on both sides: halfway, in logits,
 * between the threshold at which the rate is reached and the lowest-scoring phrase that is still detected. The rate returned is
 * that of the threshold, which is lower than the rate allowed if the margin is wide.
 */
export function chooseThreshold(
  { points, tail, peaks }: ErrorCurve,
  falseAcceptsPerHour: number,
): ThresholdPoint {
  const over = points.find((point) => point.falseAcceptsPerHour > falseAcceptsPerHour);
  const reached = boundedLogit(over?.threshold ?? points.at(-1)?.threshold ?? 0);
  const isInTail = tail !== undefined && falseAcceptsPerHour <= tail.rate;
  const limit = isInTail ? Math.max(reached, tailLogit(tail, falseAcceptsPerHour)) : reached;
  const missed = lowerBound(peaks, limit + MIN_MARGIN);
  const lowestDetected = peaks[missed];
  const logit = lowestDetected === undefined ? limit + MIN_MARGIN : (limit + lowestDetected) / 2;
  const above = points.findLast((point) => boundedLogit(point.threshold) >= logit);
  return {
    threshold: Math.min(LARGEST_SCORE, sigmoid(logit)),
    falseRejectRate: peaks.length === 0 ? 1 : missed / peaks.length,
    falseAcceptsPerHour: Math.max(above?.falseAcceptsPerHour ?? 0, isInTail ? tailRate(tail, logit) : 0),
  };
}

/** Largest float32 below 1: scores are float32. */
const LARGEST_SCORE = 1 - 2 ** -24;
/** In logits; scores closer than this are treated as equal. */
const MIN_MARGIN = 1e-6;

/** Logit of a score, finite also for 0 and 1. */
const boundedLogit = (score: number): number =>
  toLogit(Math.min(Math.max(score, 1 - LARGEST_SCORE), LARGEST_SCORE));

const rateOf = (falseAccepts: readonly FalseAccept[]): number =>
  falseAccepts.reduce((sum, { perHour }) => sum + perHour, 0);

interface PeakedClip {
  readonly clip: ScoredClip;
  readonly peak: number;
}

/** Clips by descending peak score, so that a sweep can stop at the first below the threshold. */
const byPeak = ({ clips }: ScoredStream): PeakedClip[] =>
  clips
    .map((clip) => ({ clip, peak: clip.sustained.reduce((a, b) => Math.max(a, b), -1) }))
    .toSorted((a, b) => b.peak - a.peak);

function detect(
  { phrases, hopMs }: ScoredStream,
  options: {
    readonly clips: readonly PeakedClip[];
    readonly threshold: number;
    readonly timing: DecisionTiming;
  },
): { readonly falseAccepts: FalseAccept[]; readonly falseRejectRate: number } {
  const { clips, threshold, timing } = options;
  const found = new Uint8Array(phrases);
  const falseAccepts: FalseAccept[] = [];
  const refractorySteps = Math.max(1, Math.floor((timing.refractorySeconds * 1000) / hopMs));
  for (const { clip, peak: clipPeak } of clips) {
    if (clipPeak < Math.fround(threshold)) break;
    const { sustained, phrase, perHour } = clip;
    for (const step of detectionSteps(sustained, { ...timing, threshold, hopMs })) {
      const near = phrase?.[step] ?? -1;
      if (near >= 0) found[near] = 1;
      else if (perHour > 0) {
        const peak = sustained.subarray(step, step + refractorySteps).reduce((a, b) => Math.max(a, b), 0);
        falseAccepts.push({ logit: boundedLogit(peak), perHour });
      }
    }
  }
  const heard = found.reduce((sum, one) => sum + one, 0);
  return { falseAccepts, falseRejectRate: phrases === 0 ? 1 : 1 - heard / phrases };
}

function phrasePeaks({ clips, phrases }: ScoredStream): Float64Array {
  const peaks = new Float64Array(phrases);
  for (const { phrase, sustained } of clips)
    for (const [i, which] of phrase?.entries() ?? [])
      if (which >= 0) peaks[which] = Math.max(peaks[which]!, sustained[i]!);
  return peaks.map(boundedLogit).toSorted();
}

/** A sweep ends above this rate, the maximum target of a config. */
const MAX_FALSE_ACCEPTS_PER_HOUR = 1000;

/** Number of phrases whose scores are candidates, spaced evenly by rank. */
const MAX_PHRASES = 100;

/** Scores of phrases and of counted windows without a phrase, descending; those of the latter are dense at the top, where false accepts are few. */
function candidateThresholds({ clips }: ScoredStream, peaks: Float64Array): number[] {
  const negatives = joinFloats(
    clips.flatMap(({ sustained, phrase, perHour }) =>
      perHour > 0 ? [sustained.filter((score, i) => score >= 0 && (phrase?.[i] ?? -1) < 0)] : [],
    ),
  ).toSorted((a, b) => b - a);
  const thresholds = new Set<number>();
  const ranks = Math.min(negatives.length, Math.max(negatives.length / 2, 4 * TAIL_EVENTS));
  for (let rank = 0; rank < ranks; rank = Math.max(rank + 1, Math.floor(rank * 1.4)))
    thresholds.add(negatives[rank]!);
  const apart = Math.max(1, peaks.length / MAX_PHRASES);
  for (let rank = 0; rank < peaks.length; rank += apart)
    thresholds.add(Math.fround(sigmoid(peaks[Math.floor(rank)]!)));
  thresholds.add(LARGEST_SCORE);
  return [...thresholds].toSorted((a, b) => b - a);
}

/** Number of values below a limit, in ascending values. */
function lowerBound(values: Float64Array, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
