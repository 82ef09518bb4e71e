import { copiesOf } from "./audio-copies.ts";
import { createEmbeddingSequence } from "./embedding-sequence.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "./frontend.ts";
import type { ModelCard } from "./model-card.ts";
import { SlidingAudio } from "./sliding-audio.ts";

/** What of a card tells how audio becomes features. */
export type FeatureSource = Pick<ModelCard, "windowing" | "testTimeAugmentation">;

/** The feature stream that a card asks for. */
export async function createFeatureStream(source: FeatureSource, frontend: Frontend): Promise<FeatureStream> {
  const options = { ...source.windowing, copies: copiesOf(source) };
  if (options.kind === "sliding-audio") return new SlidingAudio(frontend, options);
  return createEmbeddingSequence(frontend, options);
}
