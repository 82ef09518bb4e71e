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
 * `offline` runs as fast as possible and measures no latency; `realtime` emits frames at the clip's own rate.
 */
export type ChallengeMode = "offline" | "realtime";

/** Figures of a challenge run, as `callsign eval challenge --json` prints them. Null: not measured, or undefined (0 / 0). */
export interface ChallengeResult {
  readonly score: number;
  /** Share of samples labelled correctly. Precision and recall below take communication (label 1) as positive, as published. */
  readonly accuracy: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  /** Precision and recall with commands (label 0) as positive. */
  readonly commandPrecision: number | null;
  readonly commandRecall: number | null;
  readonly frames: number;
  /** True if labels are in order and none is more than 50 ms late. Null offline, as the fields below. */
  readonly valid: boolean | null;
  /** Samples labelled 20 ms late or more. */
  readonly slowSamples: number | null;
  readonly maxOverrunMs: number | null;
  /** Time from emission to label, percentiles over frames. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
}

export interface ChallengeOptions {
  /** The clip at 16 kHz, in -1..1. */
  readonly samples: Float32Array;
  readonly truth: ChallengeTruth;
  /** Name of the truth in error messages, such as its file. */
  readonly truthName: string;
  readonly labeller: Labeller;
  readonly mode: ChallengeMode;
  /** Runs only the whole frames before this sample; weights stay those of the whole clip. */
  readonly untilSample?: number;
  /** Scores only the frames from this sample on; earlier ones are run but not scored. */
  readonly fromSample?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Runs a labeller over a clip and scores it by the challenge's rules. Samples after the last whole frame are neither
 * run nor scored. @throws CallsignError `TRUTH_INVALID` where truth and clip differ in length,
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
 * Figures of a finished run, or of its frames from `fromSample` on, such as the part of the clip that a model was not
 * trained on. A frame that begins before the sample is left out.
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

/** Validity by the challenge's rule: labels in frame order, each after its frame was emitted and at most 50 ms later. */
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
