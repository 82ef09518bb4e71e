import { fromMagnitudes, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector } from "@callsign/infer/internal";
import type { ScoreTrack } from "../detection/score-track.ts";
import { eachRecording, type EachRecordingOptions } from "./each-recording.ts";
import type { Recording } from "./find-recordings.ts";
import {
  type FeaturesOptions,
  type RecordingScores,
  scoresByLabel,
  scoreSequences,
} from "./recording-features.ts";
import { restage, type StagedFacts } from "./restage.ts";
import type { Conditions } from "./stage-recording.ts";

/** A recording and its scores by one label. */
export interface ScoredRecording {
  readonly recording: Recording;
  /** Scores of the evaluated label. */
  readonly track: ScoreTrack;
  /** The staged recording without its samples. */
  readonly staged: StagedFacts;
}

export interface ScoreRecordingsOptions extends Omit<EachRecordingOptions, "content" | "stage"> {
  readonly label: string;
  /** Whether the recordings contain the word; detections before it begins are then not hits. */
  readonly kind: "positive" | "negative";
  readonly conditions: Conditions;
}

/**
 * Streams every recording through the detector, which is reset before each.
 * @throws CallsignError `TOO_MANY_FAULTS`, `ABORTED`
 */
export async function scoreRecordings(
  detector: Detector,
  recordings: readonly Recording[],
  { label, kind, conditions, ...options }: ScoreRecordingsOptions,
): Promise<ScoredRecording[]> {
  const { seed, noises = [], rooms = [], snrDb = [] } = conditions;
  const opened = { seed, snrDb, noises: noises.length, rooms: rooms.length };
  const scored = await scoreLabels(detector, recordings, {
    ...options,
    content: kind === "positive" ? "word" : "talk",
    conditions: { ...opened, read: () => Promise.resolve(conditions), digest: () => Promise.resolve("") },
  });
  return scored.map((scores) => scoredAs(scores, { label, kind }));
}

/**
 * Scores of recordings by all labels of a detector's first model. Features are computed once for all labels, and kept in
 * `cacheDir` if the model reads sequences of embeddings without test-time augmentation.
 * @throws CallsignError as `eachRecording`
 */
export async function scoreLabels(
  detector: Detector,
  recordings: readonly Recording[],
  options: FeaturesOptions,
): Promise<RecordingScores[]> {
  const model = detector.models[0]!;
  const { card } = model;
  if (card.windowing.kind === "embedding-sequence" && card.testTimeAugmentation === undefined)
    return scoreSequences(model, recordings, options);
  const conditions = await options.conditions.read();
  const hopMs = (card.windowing.hopLength * 1000) / SAMPLE_RATE_HZ;
  return eachRecording(recordings, options, async (recording) => {
    const { samples, ...staged } = await restage(recording, { ...options, conditions });
    const steps = await detector.detectClip(fromMagnitudes(samples));
    const scores = scoresByLabel(card, {
      steps: steps.length,
      scoreAt: (step, column) => steps[step]!.scores[column]!,
    });
    return { recording, staged, scores, hopMs };
  });
}

/** A recording's scores by one label, as a recording of its word or without it. */
export function scoredAs(
  { recording, staged, scores, hopMs }: RecordingScores,
  { label, kind }: Pick<ScoreRecordingsOptions, "label" | "kind">,
): ScoredRecording {
  const track = { name: recording.name, scores: scores.get(label)!, hopMs };
  return {
    recording,
    staged,
    track: kind === "positive" ? { ...track, fromMs: staged.speechStartMs } : track,
  };
}

/** Hours of recordings without their padding. */
export const hoursOf = (recordings: readonly ScoredRecording[]): number =>
  recordings.reduce((sum, { staged }) => sum + staged.seconds, 0) / 3600;
