import type { DecisionTiming } from "@callsign/infer/internal";
import { detectionsAt, outcomeOf, stepEndMs } from "../detection/score-track.ts";
import { type Interval, poissonInterval, wilsonInterval } from "../statistics/confidence-interval.ts";
import { type DetCurve, sweepThresholds } from "../detection/det-curve.ts";
import { resampledInterval, resampleMissRates } from "../detection/resample-curve.ts";
import { OPERATING_RATES, type OperatingPoint, operatingPoint } from "../detection/operating-point.ts";
import { percentile } from "../statistics/percentile.ts";
import { hoursOf, type ScoredRecording } from "../recordings/score-recordings.ts";
import {
  type FalseAcceptGroup,
  falseAcceptGroups,
  type HitGroup,
  hitGroups,
  snrGroup,
} from "./recording-groups.ts";

/** Figures of a model on recordings with and without the word. */
export interface KeywordFigures {
  /** Recordings of the word. */
  readonly positives: number;
  /** Hours of negative audio, excluding the padding added to each recording (padding would lower the false accept rate). */
  readonly negativeHours: number;
  readonly operatingPoints: readonly KeywordPoint[];
  /** Time from the end of the word, found by energy, to the end of the audio that completed the detection. Can be negative; null without hits. */
  readonly latencyMs: { readonly p50: number; readonly p90: number } | null;
}

/** Operating point with an interval that includes the choice of its threshold. */
export interface KeywordPoint extends OperatingPoint {
  /**
   * 95 % interval of the false reject rate over resampled speakers, where they are known, or files (`resampleMissRates`).
   * It contains Wilson's interval of the misses, because resamples of recordings that all are heard, or all missed, do
   * not differ.
   */
  readonly resampledInterval: Interval;
}

/** Recordings of the word that were detected, and how many of them more than once from the word's start on. */
export interface DetectedTwice {
  readonly hits: number;
  readonly twice: number;
}

/** Errors at one threshold. */
export interface ThresholdFigures {
  readonly threshold: number;
  readonly misses: number;
  readonly falseRejectRate: number;
  readonly interval: Interval;
  readonly falseAccepts: number;
  /** False accepts in recordings of the word: all detections there except the first one of the word. */
  readonly extraDetections: number;
  readonly falseAcceptsPerHour: number;
  readonly falseAcceptsInterval: Interval;
  readonly detectedTwice: DetectedTwice;
}

/** Result of an evaluation, with details at one chosen rate of false accepts. */
export interface KeywordEvaluation extends KeywordFigures {
  readonly curve: DetCurve;
  /** At the threshold on the model card. */
  readonly shipped: ThresholdFigures;
  /** False accepts per hour at which the fields below and the latency are measured. */
  readonly atFalseAcceptsPerHour: number;
  /** 95 % interval of the miss rate at that rate, as in `KeywordPoint`. */
  readonly resampledInterval: Interval;
  /** Whether each positive, in order, was detected at that rate's threshold. */
  readonly heard: readonly boolean[];
  readonly detectedTwice: DetectedTwice;
  /** Miss rates in resamples at each rate of false accepts, in the same order for every model on the same recordings. */
  readonly resampledMissRates: ReadonlyMap<number, Float64Array>;
  /** Latency of each detected positive, in milliseconds. */
  readonly latenciesMs: readonly number[];
  readonly missesBySource: readonly HitGroup[];
  readonly missesBySnr: readonly HitGroup[];
  /** Empty if no file name contains a speaker. */
  readonly missesBySpeaker: readonly HitGroup[];
  readonly falseAcceptsBySource: readonly FalseAcceptGroup[];
}

export interface EvaluateKeywordOptions {
  readonly positives: readonly ScoredRecording[];
  readonly negatives: readonly ScoredRecording[];
  readonly decision: DecisionTiming & { readonly threshold: number };
  /** Default 0.5. */
  readonly atFalseAcceptsPerHour?: number;
}

/** Evaluates scores of recordings after the decision stage: counts detections, not windows. */
export function evaluateKeyword(options: EvaluateKeywordOptions): KeywordEvaluation {
  const { positives, negatives, decision, atFalseAcceptsPerHour = 0.5 } = options;
  const negativeHours = hoursOf(negatives);
  const sweep = sweepThresholds({
    positives: positives.map(({ track }) => track),
    negatives: negatives.map(({ track }) => track),
    negativeHours,
    decision,
  });
  const { curve } = sweep;
  const rates = [...new Set([...OPERATING_RATES, atFalseAcceptsPerHour])].toSorted((a, b) => a - b);
  const draws = resampleMissRates(sweep, {
    positives: positives.map(resampledOf),
    negatives: negatives.map(resampledOf),
    rates,
  });
  const resampledMissRates = new Map(rates.map((rate, i) => [rate, draws[i]!]));
  const pointAt = (rate: number): KeywordPoint => {
    const point = operatingPoint(curve, rate);
    const resampled = resampledInterval(resampledMissRates.get(rate)!);
    return { ...point, resampledInterval: hull(resampled, point.interval) };
  };
  const chosen = pointAt(atFalseAcceptsPerHour);
  const { threshold } = chosen;
  const detections = positives.map(({ track }) => detectionsAt(track, { decision, threshold }));
  const hits = positives.map(({ track }, i) => outcomeOf(track, detections[i]!).hit);
  const latenciesMs = hits.flatMap((step, i) => {
    const { track, staged } = positives[i]!;
    return step === undefined ? [] : [stepEndMs(track, step) - staged.speechEndMs];
  });
  const heard = hits.map((step) => step !== undefined);
  const misses = (keyOf: (scored: ScoredRecording) => string | undefined): HitGroup[] =>
    hitGroups(positives, heard, keyOf);
  const bySpeaker = misses(({ recording }) => recording.speaker);
  return {
    positives: positives.length,
    negativeHours,
    operatingPoints: OPERATING_RATES.map((rate) => pointAt(rate)),
    latencyMs:
      latenciesMs.length === 0
        ? null
        : { p50: percentile(latenciesMs, 50), p90: percentile(latenciesMs, 90) },
    curve,
    shipped: figuresAt(decision.threshold, { ...options, negativeHours }),
    atFalseAcceptsPerHour,
    resampledInterval: chosen.resampledInterval,
    heard,
    detectedTwice: detectedTwice(hits, detections),
    resampledMissRates,
    latenciesMs,
    missesBySource: misses(({ recording }) => recording.source),
    missesBySnr: misses(({ staged }) => snrGroup(staged)),
    missesBySpeaker: bySpeaker,
    falseAcceptsBySource: falseAcceptGroups(negatives, { decision, threshold }),
  };
}

/** @param hits step of the hit in each recording of the word; undefined for a miss */
function detectedTwice(
  hits: readonly (number | undefined)[],
  detections: readonly (readonly number[])[],
): DetectedTwice {
  const heard = hits.flatMap((hit, i) => (hit === undefined ? [] : [detections[i]!.at(-1)! > hit]));
  return { hits: heard.length, twice: heard.filter(Boolean).length };
}

const hull = (a: Interval, b: Interval): Interval => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
});

/** Recordings of one speaker are resampled together; where the speaker is not known, each by itself. */
const resampledOf = ({ recording, staged }: ScoredRecording) => ({
  group: recording.speaker === undefined ? `file ${recording.name}` : `speaker ${recording.speaker}`,
  seconds: staged.seconds,
});

function figuresAt(
  threshold: number,
  {
    positives,
    negatives,
    decision,
    negativeHours,
  }: EvaluateKeywordOptions & { readonly negativeHours: number },
): ThresholdFigures {
  const at = { decision, threshold };
  const detections = positives.map(({ track }) => detectionsAt(track, at));
  const outcomes = positives.map(({ track }, i) => outcomeOf(track, detections[i]!));
  const misses = outcomes.filter(({ hit }) => hit === undefined).length;
  const extraDetections = outcomes.reduce((sum, outcome) => sum + outcome.falseAccepts, 0);
  const falseAccepts = negatives.reduce(
    (sum, { track }) => sum + detectionsAt(track, at).length,
    extraDetections,
  );
  return {
    threshold,
    misses,
    falseRejectRate: misses / positives.length,
    interval: wilsonInterval(misses, positives.length),
    falseAccepts,
    extraDetections,
    falseAcceptsPerHour: falseAccepts / negativeHours,
    falseAcceptsInterval: poissonInterval(falseAccepts, negativeHours),
    detectedTwice: detectedTwice(
      outcomes.map(({ hit }) => hit),
      detections,
    ),
  };
}
