import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { bestWithin, type ErrorRates } from "@callsign/eval/internal";
import { Decision, type DecisionTiming } from "@callsign/infer/internal";

import type { ScoredStream } from "./scored-stream.ts";

/** Error rates at a threshold, measured on a stream in which phrases and other audio follow each other. */
export interface ThresholdPoint extends ErrorRates {
  readonly threshold: number;
}

/** False accepts per hour over which the DET area of a training is taken; reports and logs state it. */
export const DET_AREA_RANGE = { from: 0.1, to: 100 } as const;

/** Error rates at the stream's candidate thresholds, from the highest threshold to the lowest. */
export function sweepThresholds(stream: ScoredStream, timing: DecisionTiming): ThresholdPoint[] {
  return candidateThresholds(stream).map((threshold) => errorRatesAt(stream, { threshold, ...timing }));
}

/** Runs the decision stage over the stream at one threshold. A detection near a phrase counts as a detection of it. */
export function errorRatesAt(
  { scores, phrase, begins, phrases, hopLength }: ScoredStream,
  { threshold, ...policy }: DecisionTiming & { readonly threshold: number },
): ThresholdPoint {
  const decision = new Decision(["phrase"], { ...policy, thresholds: { phrase: threshold } });
  const hopMs = (hopLength * 1000) / SAMPLE_RATE_HZ;
  const found = new Uint8Array(phrases);
  let falseAccepts = 0;
  let quiet = 0;
  const score = [0];
  for (let i = 0; i < scores.length; i++) {
    if (begins[i] === 1) decision.reset();
    score[0] = scores[i]!;
    const near = phrase[i]!;
    if (near < 0) quiet++;
    if (decision.step(score, i * hopMs).length === 0) continue;
    if (near < 0) falseAccepts++;
    else found[near] = 1;
  }
  const hours = (quiet * hopMs) / 3_600_000;
  return {
    threshold,
    falseRejectRate: phrases === 0 ? 1 : 1 - found.reduce((sum, one) => sum + one, 0) / phrases,
    falseAcceptsPerHour: hours === 0 ? 0 : falseAccepts / hours,
  };
}

/** Scores of windows without a phrase, by rank: dense at the top, where false accepts are few, and sparser below. */
function candidateThresholds({ scores, phrase }: ScoredStream): number[] {
  const quiet = scores.filter((_, i) => phrase[i]! < 0).toSorted((a, b) => b - a);
  const thresholds = new Set<number>([Math.min(1, (quiet[0] ?? 0) + 1e-6)]);
  for (let rank = 0; rank < quiet.length / 2; rank = Math.max(rank + 1, Math.floor(rank * 1.4)))
    thresholds.add(quiet[rank]!);
  return [...thresholds].toSorted((a, b) => b - a);
}

/**
 * The point with the fewest false rejects within a rate of false accepts; the highest threshold of equal ones. Without
 * any within the rate: threshold 1, at which nothing is detected.
 */
export const chooseThreshold = (
  points: readonly ThresholdPoint[],
  falseAcceptsPerHour: number,
): ThresholdPoint =>
  bestWithin([{ threshold: 1, falseRejectRate: 1, falseAcceptsPerHour: 0 }, ...points], falseAcceptsPerHour)!;
