import { type DecisionTiming, detectionSteps, sustainedScores } from "@callsign/infer/internal";

/** Scores of one label over one recording, one at every step of the detector. */
export interface ScoreTrack {
  readonly name: string;
  /** Step i ends at `(i + 1) * hopMs`. */
  readonly scores: Float32Array;
  readonly hopMs: number;
  /** Start of the time in which a detection counts as a hit: the start of the word. Default 0. */
  readonly fromMs?: number;
  /** End of that time. Default the end of the recording. */
  readonly untilMs?: number;
}

/** End of a step's audio, in milliseconds. */
export const stepEndMs = (track: Pick<ScoreTrack, "hopMs">, step: number): number => (step + 1) * track.hopMs;

/** Steps of a track at which the decision stage detects, in order. Pass `sustained` and `among` if many thresholds are tried. */
export function trackDetections(
  { scores, hopMs }: ScoreTrack,
  {
    sustained,
    ...decision
  }: DecisionTiming & {
    readonly threshold: number;
    readonly sustained?: Float32Array;
    readonly among?: Uint32Array;
  },
): number[] {
  return detectionSteps(sustained ?? sustainedScores(scores, decision.patience), { ...decision, hopMs });
}

/** Result of a detector on a recording of one utterance of the word. */
export interface Outcome {
  /** Step of the first detection within the track's span; undefined for a miss. */
  readonly hit: number | undefined;
  /** Number of all other detections: before the word, or of the same word again. */
  readonly falseAccepts: number;
}

/** Outcome of a recording of the word from its detections, in order. */
export function outcomeOf(track: ScoreTrack, steps: readonly number[]): Outcome {
  const { fromMs = 0, untilMs = Infinity } = track;
  const hit = steps.find((step) => stepEndMs(track, step) >= fromMs && stepEndMs(track, step) <= untilMs);
  return { hit, falseAccepts: steps.length - Number(hit !== undefined) };
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
