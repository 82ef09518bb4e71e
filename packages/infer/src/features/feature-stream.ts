import { EmbeddingSequence } from "./embedding-sequence.ts";
import type { Frontend } from "../frontend/frontend.ts";
import type { ModelCard } from "../model/model-card.ts";
import { SlidingAudio } from "./sliding-audio.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";
import { variantsOf } from "./test-time-augmentation.ts";

/**
 * Features of one audio stream, hop by hop: the windowing of a model card with its history. A stream starts, and restarts
 * after `reset`, as if preceded by digital silence. Implemented by `EmbeddingSequence` and `SlidingAudio`.
 */
export interface FeatureStream {
  /** Samples per step: `step` takes exactly this many. */
  readonly hopLength: number;
  /** Number of test-time-augmentation variants, each of which gives one example per step; 1 without augmentation. */
  readonly variants: number;
  /** Processes one hop and returns the features `[variants, embeddings * 96]`, valid until the next call. */
  step(hop: Float32Array): Promise<Float32Array>;
  /** Restarts the stream with `samples` as its history. */
  prime(samples: Float32Array): Promise<void>;
  reset(): void;
}

/** Fields of a model card that define its features. */
export type FeatureSource = Pick<ModelCard, "windowing" | "testTimeAugmentation">;

/** Front-end of a feature stream; `runner`, from `Frontend.streams`, is required for windowing `embedding-sequence`. */
export interface FeatureRunners {
  readonly frontend: Frontend;
  readonly runner: StreamRunner | undefined;
}

/** Creates the feature stream that a card describes. */
export function createFeatureStream(
  source: FeatureSource,
  { frontend, runner }: FeatureRunners,
): FeatureStream {
  const options = { ...source.windowing, variants: variantsOf(source) };
  return options.kind === "sliding-audio"
    ? new SlidingAudio(frontend, options)
    : new EmbeddingSequence(runner!, options);
}
