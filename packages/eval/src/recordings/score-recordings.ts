import { FaultTally } from "@callsign/data/internal";
import { CallsignError, fromMagnitudes, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { type Detector, type Progress } from "@callsign/infer/internal";
import { readMagnitudes } from "@callsign/audio/node/internal";
import type { Recording } from "./find-recordings.ts";
import type { ScoreTrack } from "../detection/score-track.ts";
import { type Conditions, stageRecording, type StagedRecording } from "./stage-recording.ts";

/** A recording and its scores. */
export interface ScoredRecording {
  readonly recording: Recording;
  /** Scores of the evaluated label. */
  readonly track: ScoreTrack;
  /** The staged recording without its samples; `restage` computes them again. */
  readonly staged: Omit<StagedRecording, "samples">;
}

export interface ScoreRecordingsOptions {
  readonly label: string;
  /** Whether the recordings contain the word; detections before it begins are then not hits. */
  readonly kind: "positive" | "negative";
  readonly conditions: Conditions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for each unreadable recording. More than 2 % of them fail the evaluation. */
  readonly onFault?: (place: string, error: CallsignError) => void;
}

/**
 * Streams every recording through the detector, which is reset before each.
 * @throws CallsignError `TOO_MANY_FAULTS`, `ABORTED`
 */
export async function scoreRecordings(
  detector: Detector,
  recordings: readonly Recording[],
  options: ScoreRecordingsOptions,
): Promise<ScoredRecording[]> {
  const { conditions, kind, signal, onProgress } = options;
  const tally = new FaultTally(`${kind} recordings`, {
    mostShare: MAX_FAULTS,
    few: FEW_FAULTS,
    onFault: ({ place, error }) => options.onFault?.(place, error),
  });
  const scored: ScoredRecording[] = [];
  let seconds = 0;
  for (const [i, recording] of recordings.entries()) {
    if (signal?.aborted) throw new CallsignError("ABORTED", `evaluation: stopped at ${recording.name}`);
    const staged = await tally.attempt(recording.path, () => restage(recording, { conditions, signal }));
    if (staged !== undefined) {
      tally.countGood();
      const { samples, ...rest } = staged;
      scored.push({
        recording,
        track: await trackOf(detector, { recording, staged, options }),
        staged: rest,
      });
      seconds += samples.length / SAMPLE_RATE_HZ;
    }
    const note = `${(seconds / 60).toFixed(1)} min streamed`;
    onProgress?.({ stage: `${kind}s`, done: i + 1, total: recordings.length, unit: "recordings", note });
  }
  tally.finish();
  if (scored.length > 0) return scored;
  throw new CallsignError("CORPUS_EMPTY", `evaluation: none of the ${kind} recordings could be read`);
}

/** Computes the staged recording again, identical to what the detector received. */
export async function restage(
  recording: Pick<Recording, "path" | "name">,
  { conditions, signal }: { readonly conditions: Conditions; readonly signal?: AbortSignal | undefined },
): Promise<StagedRecording> {
  const samples = await readMagnitudes(recording.path, signal === undefined ? {} : { signal });
  return stageRecording(samples, { name: recording.name, conditions });
}

const MAX_FAULTS = 0.02;
/** Allowed of a small set, whose share one alone exceeds. */
const FEW_FAULTS = 3;

async function trackOf(
  detector: Detector,
  parts: { recording: Recording; staged: StagedRecording; options: ScoreRecordingsOptions },
): Promise<ScoreTrack> {
  const { recording, staged, options } = parts;
  const { labels, windowing } = detector.card;
  const steps = await detector.detectClip(fromMagnitudes(staged.samples));
  const column = labels.indexOf(options.label);
  return {
    name: recording.name,
    scores: Float32Array.from(steps, ({ scores }) => scores[column]!),
    hopMs: (windowing.hopLength * 1000) / SAMPLE_RATE_HZ,
    ...(options.kind === "positive" && { fromMs: staged.speechStartMs }),
  };
}
