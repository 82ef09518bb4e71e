import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { Decision } from "@callsign/infer/internal";

import type { ScoredStream } from "./scored-stream.ts";

/** What a threshold comes to on streams, after the decision stage. */
export interface OperatingPoint {
  readonly threshold: number;
  /** Share of the phrases that were not detected. */
  readonly falseRejectRate: number;
  /** Detections where no phrase is near, per hour of such audio. */
  readonly falseAcceptsPerHour: number;
}

export interface SweepOptions {
  readonly patience: number;
  readonly refractorySeconds: number;
}

/** Operating points from the highest threshold to the lowest. */
export function sweepThresholds(stream: ScoredStream, options: SweepOptions): OperatingPoint[] {
  return candidateThresholds(stream).map((threshold) => operatingPointAt(stream, { threshold, ...options }));
}

/** Runs the decision stage with one threshold over the stream. A detection while a phrase is near finds that phrase. */
export function operatingPointAt(
  { scores, phrase, begins, phrases, hopLength }: ScoredStream,
  { threshold, ...policy }: SweepOptions & { readonly threshold: number },
): OperatingPoint {
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

/** Scores where no phrase is, by rank: closely at the top, where false accepts are few, and further apart below. */
function candidateThresholds({ scores, phrase }: ScoredStream): number[] {
  const quiet = scores.filter((_, i) => phrase[i]! < 0).toSorted((a, b) => b - a);
  const thresholds = new Set<number>([Math.min(1, (quiet[0] ?? 0) + 1e-6)]);
  for (let rank = 0; rank < quiet.length / 2; rank = Math.max(rank + 1, Math.floor(rank * 1.4)))
    thresholds.add(quiet[rank]!);
  return [...thresholds].toSorted((a, b) => b - a);
}

/** Mean false reject rate over false accepts per hour from 0.1 to 100, even on a logarithmic scale: 0 is perfect, 1 deaf. */
export function detArea(points: readonly OperatingPoint[]): number {
  const rates = Array.from({ length: 31 }, (_, i) => 10 ** (-1 + i / 10));
  return rates.reduce((sum, rate) => sum + bestAt(points, rate).falseRejectRate, 0) / rates.length;
}

/** The point with fewest false rejects among those within a rate of false accepts; the highest threshold of equal ones. */
export function bestAt(points: readonly OperatingPoint[], falseAcceptsPerHour: number): OperatingPoint {
  const deaf: OperatingPoint = { threshold: 1, falseRejectRate: 1, falseAcceptsPerHour: 0 };
  return points
    .filter((point) => point.falseAcceptsPerHour <= falseAcceptsPerHour)
    .reduce((best, point) => (point.falseRejectRate < best.falseRejectRate ? point : best), deaf);
}
