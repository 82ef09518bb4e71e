import { variantsOf } from "./test-time-augmentation.ts";
import { EmbeddingSequence } from "./embedding-sequence.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "../frontend/frontend.ts";
import type { ModelCard } from "../model/model-card.ts";
import { SlidingAudio } from "./sliding-audio.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";

/** The parts of a card that say how audio becomes features. */
export type FeatureSource = Pick<ModelCard, "windowing" | "testTimeAugmentation">;

/** What features are computed with: `runner` from `Frontend.streams`, for windowing `embedding-sequence`. */
export interface FeatureRunners {
  readonly frontend: Frontend;
  readonly runner: StreamRunner | undefined;
}

/** The feature stream that a card asks for, at its start. */
export function createFeatureStream(
  source: FeatureSource,
  { frontend, runner }: FeatureRunners,
): FeatureStream {
  const options = { ...source.windowing, variants: variantsOf(source) };
  return options.kind === "sliding-audio"
    ? new SlidingAudio(frontend, options)
    : new EmbeddingSequence(runner!, options);
}
