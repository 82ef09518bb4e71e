import type { BuildPlan } from "@callsign/data/internal";

import type { DetectorConfig } from "../config/config.ts";

/** Estimated duration of each stage, in seconds. */
export interface StageSeconds {
  readonly synthesize: number;
  readonly features: number;
  readonly train: number;
}

/** Rates per core, from runs on two shared cores in November 2026 (docs/recipe.md). */
const CLIPS_A_SECOND_A_CORE = 20;
const AUDIO_SECONDS_A_SECOND_A_CORE = 120;
/** Assumed where the speed is not measured: conv-attention with onnxruntime on two idle cores, batches of 512. */
const WINDOWS_A_SECOND = 10_000;

/** Estimates the durations of a plan. `windowsPerSecond` is from `measureTraining`; default: that of two cores. */
export function estimateStages(
  plan: Pick<BuildPlan, "sets" | "featureSeconds">,
  options: {
    readonly train: DetectorConfig["train"];
    readonly workers: number;
    readonly windowsPerSecond?: number;
  },
): StageSeconds {
  const { train, workers, windowsPerSecond = WINDOWS_A_SECOND } = options;
  const spoken = plan.sets.reduce(
    (sum, { texts, clips }) => sum + (texts === undefined ? 0 : (clips ?? 0)),
    0,
  );
  const windows = train.epochs * train.stepsPerEpoch * (train.batch.positives + train.batch.negatives);
  return {
    synthesize: spoken / (CLIPS_A_SECOND_A_CORE * workers),
    features: plan.featureSeconds / (AUDIO_SECONDS_A_SECOND_A_CORE * workers),
    train: windows / windowsPerSecond,
  };
}
