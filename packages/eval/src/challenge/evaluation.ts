import { CallsignError } from "@callsign/audio/internal";
import { type Progress } from "@callsign/infer/internal";
import { LATEST_MS, scoreChallenge } from "./score.ts";
import { type ChallengeTruth, checkTruthFits } from "./truth.ts";
import { accuracyOf, precisionOf, recallOf, swapClasses } from "../statistics/confusion.ts";
import { type LabelledRun, type Labeller, overrunsOf, type RunTiming } from "./labeller.ts";
import { runOffline } from "./offline-run.ts";
import { percentile } from "../statistics/percentile.ts";
import { runRealtime } from "./realtime/realtime-run.ts";

/**
 * `offline` goes as fast as it can and claims nothing about time; `realtime` emits frames on the clip's own clock.
 */
export type ChallengeMode = "offline" | "realtime";

/** The figures of a challenge run, in the shape `callsign eval challenge --json` prints. Null: not measured, or nothing to measure it on. */
export interface ChallengeResult {
  readonly score: number;
  /** Of samples. Precision and recall count communication (label 1) as positive, as the published figures do. */
  readonly accuracy: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  /** The same with commands (label 0) as positive: how much of the muting was right, how much of the commands was muted. */
  readonly commandPrecision: number | null;
  readonly commandRecall: number | null;
  readonly frames: number;
  /** Labels in order, none more than 50 ms late. Null offline, like all that follows. */
  readonly valid: boolean | null;
  /** Samples labelled 20 ms late or more. */
  readonly slowSamples: number | null;
  readonly maxOverrunMs: number | null;
  /** Labelled minus emitted, over frames. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
}

export interface ChallengeOptions {
  /** The clip at 16 kHz, in -1..1. */
  readonly samples: Float32Array;
  readonly truth: ChallengeTruth;
  /** Where the truth came from, for messages. */
  readonly truthName: string;
  readonly labeller: Labeller;
  readonly mode: ChallengeMode;
  /** Evaluates the whole frames before this sample only, with the whole clip's weights. */
  readonly untilSample?: number;
  /** Judges only the frames from this sample on; those before are heard all the same. */
  readonly fromSample?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Runs a labeller over a clip and scores it by the challenge's rules. Samples at the end that fill no frame are never
 * emitted, so they are not scored. @throws CallsignError `TRUTH_INVALID` where truth and clip differ in length,
 * `AUDIO_TOO_SHORT` for less than a frame, `INVALID_ARGUMENT`, `ABORTED`, and what the labeller throws
 */
export async function evaluateChallenge(
  options: ChallengeOptions,
): Promise<{ readonly result: ChallengeResult; readonly run: LabelledRun }> {
  const { truth, labeller, mode } = options;
  const { frameLength, sampleRateHz } = truth;
  checkTruthFits(truth, { name: options.truthName, clipLength: options.samples.length });
  const samples = options.samples.subarray(0, lengthToRun(options));
  const { signal, onProgress } = options;
  const parts = {
    samples,
    frameLength,
    labeller,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const periodMs = (frameLength * 1000) / sampleRateHz;
  const run = mode === "offline" ? await runOffline(parts) : await runRealtime({ ...parts, periodMs });
  return { result: judgeRun(run, truth, options), run };
}

/**
 * The figures of a run that is over, or of its frames from a sample on: such as the part of the clip that a model was
 * not trained on. A frame that begins before the sample is left out.
 */
export function judgeRun(
  run: LabelledRun,
  truth: ChallengeTruth,
  { fromSample = 0 }: { readonly fromSample?: number } = {},
): ChallengeResult {
  const { frameLength, timing } = run;
  const firstFrame = Math.ceil(fromSample / frameLength);
  const labels = run.labels.subarray(firstFrame);
  const overrunsMs = timing && overrunsOf(timing).subarray(firstFrame);
  const { score, slowSamples, confusion } = scoreChallenge(
    { labels, labelLength: frameLength, overrunsMs, firstSample: firstFrame * frameLength },
    truth,
  );
  const command = swapClasses(confusion);
  return {
    score,
    accuracy: accuracyOf(confusion),
    precision: precisionOf(confusion),
    recall: recallOf(confusion),
    commandPrecision: precisionOf(command),
    commandRecall: recallOf(command),
    frames: labels.length,
    valid: timing && isValid(timing),
    slowSamples,
    maxOverrunMs: overrunsMs && percentile(overrunsMs, 100),
    latencyMs: overrunsMs && { p50: percentile(overrunsMs, 50), p99: percentile(overrunsMs, 99) },
  };
}

/** The challenge's rule: labels in the order of the frames, none more than 50 ms late; none before its frame was emitted. */
export function isValid(timing: RunTiming): boolean {
  const { labelledMs } = timing;
  return overrunsOf(timing).every(
    (overrun, i) => overrun >= 0 && overrun <= LATEST_MS && (i === 0 || labelledMs[i]! >= labelledMs[i - 1]!),
  );
}

function lengthToRun(options: ChallengeOptions): number {
  const { samples, truth, untilSample, fromSample } = options;
  const { frameLength } = truth;
  if (samples.length < frameLength)
    throw new CallsignError(
      "AUDIO_TOO_SHORT",
      `challenge: expected at least one frame of ${frameLength} samples, got a clip of ${samples.length}`,
    );
  const refuse = (what: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `challenge: ${what}`);
  };
  const { length } = samples;
  if (
    untilSample !== undefined &&
    !(Number.isInteger(untilSample) && untilSample >= frameLength && untilSample <= length)
  )
    refuse(
      `untilSample must be a whole number from ${frameLength} (one frame) to the clip's ${length}, got ${untilSample}`,
    );
  const end = untilSample ?? length;
  const frames = Math.floor(end / frameLength);
  if (
    fromSample !== undefined &&
    !(Number.isInteger(fromSample) && fromSample >= 0 && fromSample <= (frames - 1) * frameLength)
  )
    refuse(
      `fromSample must be a whole number from 0 to ${(frames - 1) * frameLength}, where the last frame begins, got ${fromSample}`,
    );
  return end;
}
