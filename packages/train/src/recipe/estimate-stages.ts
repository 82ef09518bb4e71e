import type { BuildPlan } from "@callsign/data/internal";

import type { DetectorConfig } from "../config/config.ts";

/** How long each stage will take, in seconds: an estimate. */
export interface StageSeconds {
  readonly synthesize: number;
  readonly features: number;
  readonly train: number;
}

/** Judged from runs on two shared cores, November 2026 (docs/recipe.md); clips and audio are for one core. */
const CLIPS_A_SECOND_A_CORE = 20;
const AUDIO_SECONDS_A_SECOND_A_CORE = 120;
/** Training of conv-attention with onnxruntime, 3,000 on busy cores to 7,000; through WebAssembly 1,000. */
const WINDOWS_A_SECOND = 5000;

/** Time from a plan, for a processor alone; a graphics card takes a fraction of the training. */
export function estimateStages(
  plan: Pick<BuildPlan, "sets" | "featureSeconds">,
  { train, workers }: { readonly train: DetectorConfig["train"]; readonly workers: number },
): StageSeconds {
  const spoken = plan.sets.reduce(
    (sum, { texts, clips }) => sum + (texts === undefined ? 0 : (clips ?? 0)),
    0,
  );
  const windows = train.epochs * train.stepsPerEpoch * (train.batch.positives + train.batch.negatives);
  return {
    synthesize: spoken / (CLIPS_A_SECOND_A_CORE * workers),
    features: plan.featureSeconds / (AUDIO_SECONDS_A_SECOND_A_CORE * workers),
    train: windows / WINDOWS_A_SECOND,
  };
}
