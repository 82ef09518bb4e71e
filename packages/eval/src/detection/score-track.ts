import { reachable } from "@callsign/infer/internal";

/** What a detector made of one recording, for one label: a score at every step. */
export interface ScoreTrack {
  readonly name: string;
  /** Step i read the audio up to `(i + 1) * hopMs`. */
  readonly scores: Float32Array;
  readonly hopMs: number;
  /** Earlier detections cannot be the word that a positive holds: it had not begun. Default 0. */
  readonly fromMs?: number;
  /** Later ones cannot either. Default the recording's end. */
  readonly untilMs?: number;
}

/** The decision stage without its threshold. */
export interface DecisionTiming {
  /** Steps in a row that must reach the threshold. */
  readonly patience: number;
  readonly refractorySeconds: number;
}

/** End of a step's audio. */
export const stepEndMs = (track: Pick<ScoreTrack, "hopMs">, step: number): number => (step + 1) * track.hopMs;

/** Lowest of each step's score and the `patience - 1` before it: the step can be a detection at any threshold up to that. -1 where it never can. */
export function sustainedScores(scores: Float32Array, patience: number): Float32Array {
  const sustained = new Float32Array(scores.length).fill(-1);
  for (let i = patience - 1; i < scores.length; i++) {
    let lowest = Infinity;
    for (let k = i - patience + 1; k <= i; k++) {
      const score = scores[k]!;
      lowest = score < lowest ? score : lowest;
      // What is not a number reaches no threshold.
      if (Number.isNaN(score)) lowest = -1;
    }
    sustained[i] = lowest;
  }
  return sustained;
}

/** Steps of a track at which `Decision` detects, in order. */
export function detectionSteps(
  track: ScoreTrack,
  decision: DecisionTiming & { readonly threshold: number },
): number[] {
  return stepsAt(track, { ...decision, sustained: sustainedScores(track.scores, decision.patience) });
}

/** The same where the sustained scores are known: one comparison a step. */
export function stepsAt(
  track: ScoreTrack,
  options: DecisionTiming & { readonly threshold: number; readonly sustained: Float32Array },
): number[] {
  const { sustained, patience } = options;
  const threshold = reachable(options.threshold);
  const refractoryMs = Math.round(options.refractorySeconds * 1000);
  const steps: number[] = [];
  // A streak may begin once the refractory period is over, never with steps that made the last detection.
  let deafUntilMs = -Infinity;
  let freeFrom = 0;
  for (let i = patience - 1; i < sustained.length; i++) {
    if (!(sustained[i]! >= threshold)) continue;
    const first = i - patience + 1;
    if (first < freeFrom || stepEndMs(track, first) < deafUntilMs) continue;
    steps.push(i);
    freeFrom = i + 1;
    deafUntilMs = stepEndMs(track, i) + refractoryMs;
  }
  return steps;
}

/** First of the detections that falls within the track's span; undefined for a miss. */
export function firstHit(track: ScoreTrack, steps: readonly number[]): number | undefined {
  const { fromMs = 0, untilMs = Infinity } = track;
  return steps.find((step) => stepEndMs(track, step) >= fromMs && stepEndMs(track, step) <= untilMs);
}
