import type { DecisionTiming } from "@callsign/infer/internal";
import { outcomeOf, type ScoreTrack, stepEndMs, trackDetections } from "../detection/score-track.ts";
import { type Interval, poissonInterval, wilsonInterval } from "../statistics/confidence-interval.ts";
import { type DetCurve, sweepThresholds } from "../detection/det-curve.ts";
import { resampledInterval, resampleMissRates } from "../detection/resample-curve.ts";
import { OPERATING_RATES, type OperatingPoint, operatingPoint } from "../detection/operating-point.ts";
import { percentile } from "../statistics/percentile.ts";
import type { ScoredRecording } from "../recordings/score-recordings.ts";

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

/** One group of recordings of the word. */
export interface HitGroup {
  readonly group: string;
  readonly recordings: number;
  readonly misses: number;
  readonly falseRejectRate: number;
  readonly interval: Interval;
}

/** One group of recordings without the word. */
export interface FalseAcceptGroup {
  readonly group: string;
  readonly recordings: number;
  readonly hours: number;
  readonly falseAccepts: number;
  readonly falseAcceptsPerHour: number;
  readonly interval: Interval;
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
    detectedTwice: detectedTwice(positives, detections),
    resampledMissRates,
    latenciesMs,
    missesBySource: misses(({ recording }) => recording.source),
    missesBySnr: misses(({ staged }) => snrGroup(staged)),
    missesBySpeaker: bySpeaker,
    falseAcceptsBySource: falseAcceptGroups(negatives, { decision, threshold }),
  };
}

/** Steps at which a recording has detections at a threshold; none if it is null. */
export function detectionsAt(
  track: ScoreTrack,
  { decision, threshold }: { readonly decision: DecisionTiming; readonly threshold: number | null },
): number[] {
  return threshold === null ? [] : trackDetections(track, { ...decision, threshold });
}

/** Highest score of a recording from `fromMs` on, and the end of its step in milliseconds. */
export function peakOf({ scores, hopMs, fromMs = 0 }: ScoreTrack): {
  readonly score: number;
  readonly atMs: number;
} {
  let step = 0;
  let score = -1;
  for (let i = 0; i < scores.length; i++) {
    if ((i + 1) * hopMs < fromMs || !(scores[i]! > score)) continue;
    score = scores[i]!;
    step = i;
  }
  return { score: Math.max(0, score), atMs: (step + 1) * hopMs };
}

interface At {
  readonly decision: DecisionTiming;
  readonly threshold: number | null;
}

function detectedTwice(
  positives: readonly ScoredRecording[],
  detections: readonly (readonly number[])[],
): DetectedTwice {
  let hits = 0;
  let twice = 0;
  for (const [i, { track }] of positives.entries()) {
    const { hit } = outcomeOf(track, detections[i]!);
    if (hit === undefined) continue;
    hits++;
    if (detections[i]!.at(-1)! > hit) twice++;
  }
  return { hits, twice };
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

const hoursOf = (recordings: readonly ScoredRecording[]): number =>
  recordings.reduce((sum, { staged }) => sum + staged.seconds, 0) / 3600;

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
    detectedTwice: detectedTwice(positives, detections),
  };
}

function hitGroups(
  positives: readonly ScoredRecording[],
  heard: readonly boolean[],
  keyOf: (scored: ScoredRecording) => string | undefined,
): HitGroup[] {
  const counts = new Map<string, { recordings: number; misses: number }>();
  for (const [i, scored] of positives.entries()) {
    const key = keyOf(scored);
    if (key === undefined) continue;
    const count = counts.get(key) ?? { recordings: 0, misses: 0 };
    count.recordings++;
    if (!heard[i]) count.misses++;
    counts.set(key, count);
  }
  return [...counts]
    .map(([group, { recordings, misses }]) => ({
      group,
      recordings,
      misses,
      falseRejectRate: misses / recordings,
      interval: wilsonInterval(misses, recordings),
    }))
    .toSorted(
      (a, b) => rankOf(a.group) - rankOf(b.group) || a.group.localeCompare(b.group, "en", { numeric: true }),
    );
}

/** Sort key that puts the open ranges of `snrGroup` first and last. */
const rankOf = (group: string): number => (group === "below 10 dB" ? -1 : group === "from 50 dB" ? 1 : 0);

/** Group by speech-to-noise ratio: as mixed, or in ranges of 10 dB as recorded. */
function snrGroup({ snrDb, mixedSnrDb }: ScoredRecording["staged"]): string {
  if (mixedSnrDb !== undefined) return `${Math.round(10 * mixedSnrDb) / 10} dB`;
  if (snrDb === undefined) return "not known";
  if (snrDb < 10) return "below 10 dB";
  const from = Math.floor(snrDb / 10) * 10;
  return from >= 50 ? "from 50 dB" : `${from} to ${from + 10} dB`;
}

function falseAcceptGroups(negatives: readonly ScoredRecording[], at: At): FalseAcceptGroup[] {
  const groups = [...new Set(negatives.map(({ recording }) => recording.source))];
  return groups.map((group) => {
    const members = negatives.filter(({ recording }) => recording.source === group);
    const hours = hoursOf(members);
    const falseAccepts = members.reduce((sum, { track }) => sum + detectionsAt(track, at).length, 0);
    return {
      group,
      recordings: members.length,
      hours,
      falseAccepts,
      falseAcceptsPerHour: falseAccepts / hours,
      interval: poissonInterval(falseAccepts, hours),
    };
  });
}
