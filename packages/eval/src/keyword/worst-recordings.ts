import { detectionsAt, peakOf } from "../detection/score-track.ts";
import type { KeywordEvaluation } from "./keyword-evaluation.ts";
import type { DecisionTiming } from "@callsign/infer/internal";
import { restage } from "../recordings/restage.ts";
import type { ScoredRecording } from "../recordings/score-recordings.ts";
import type { Conditions } from "../recordings/stage-recording.ts";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";

/** A recording with one of the worst results. */
export interface WorstRecording {
  readonly name: string;
  readonly source: string;
  readonly speaker: string | null;
  readonly snrDb: number | null;
  /** Highest score; `atMs` is its time in the stream, in milliseconds. */
  readonly score: number;
  readonly atMs: number;
  /** Number of false accepts in it at the chosen threshold; 0 for a miss. */
  readonly detections: number;
}

/** Audio and scores of a part of a recording. */
export interface Excerpt {
  readonly samples: Float32Array;
  /** Score of each step in the excerpt. */
  readonly scores: readonly number[];
}

/** A recording with one of the worst results, and its scores. */
export interface WorstCase {
  readonly entry: WorstRecording;
  readonly scored: ScoredRecording;
}

/** Missed recordings of the word, lowest scores first. */
export function worstMisses(
  positives: readonly ScoredRecording[],
  { heard, max }: Pick<KeywordEvaluation, "heard"> & { readonly max: number },
): WorstCase[] {
  return positives
    .filter((_, i) => !heard[i])
    .map((scored) => describe(scored, 0))
    .toSorted((a, b) => a.entry.score - b.entry.score)
    .slice(0, max);
}

/** Recordings without the word, by number of false accepts and then by highest score. */
export function worstFalseAccepts(
  negatives: readonly ScoredRecording[],
  at: { readonly decision: DecisionTiming; readonly threshold: number | null; readonly max: number },
): WorstCase[] {
  return negatives
    .map((scored) => describe(scored, detectionsAt(scored.track, at).length))
    .toSorted((a, b) => b.entry.detections - a.entry.detections || b.entry.score - a.entry.score)
    .slice(0, at.max);
}

/** Cuts out the speech of a miss, or the audio that led to a high score. At most six seconds. */
export async function excerptOf(
  { scored, entry }: WorstCase,
  options: { readonly kind: "miss" | "false-accept"; readonly conditions: Conditions },
): Promise<Excerpt> {
  const { samples, speechStartMs, speechEndMs } = await restage(scored.recording, {
    content: scored.staged.content,
    conditions: options.conditions,
  });
  const wanted =
    options.kind === "miss"
      ? { from: speechStartMs - 300, to: speechEndMs + 800 }
      : { from: entry.atMs - 2500, to: entry.atMs + 500 };
  const fromMs = Math.max(0, wanted.from);
  const toMs = Math.min((samples.length * 1000) / SAMPLE_RATE_HZ, wanted.to, fromMs + LONGEST_MS);
  const { scores, hopMs } = scored.track;
  return {
    samples: samples.slice((fromMs * SAMPLE_RATE_HZ) / 1000, (toMs * SAMPLE_RATE_HZ) / 1000),
    scores: [...scores.subarray(Math.floor(fromMs / hopMs), Math.floor(toMs / hopMs))],
  };
}

const LONGEST_MS = 6000;

function describe(scored: ScoredRecording, detections: number): WorstCase {
  const { recording, staged, track } = scored;
  const { score, atMs } = peakOf(track);
  return {
    scored,
    entry: {
      name: recording.name,
      source: recording.source,
      speaker: recording.speaker ?? null,
      snrDb: staged.snrDb === undefined ? null : Math.round(staged.snrDb * 10) / 10,
      score: Number(score.toPrecision(7)),
      atMs: Math.round(atMs),
      detections,
    },
  };
}
