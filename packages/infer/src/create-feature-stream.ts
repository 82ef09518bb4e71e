import { createEmbeddingSequence } from "./embedding-sequence.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "./frontend.ts";
import type { Windowing } from "./model-card.ts";
import { SlidingAudio } from "./sliding-audio.ts";

/** The feature stream that a card's windowing asks for. */
export async function createFeatureStream(windowing: Windowing, frontend: Frontend): Promise<FeatureStream> {
  if (windowing.kind === "sliding-audio") return new SlidingAudio(frontend, windowing);
  return createEmbeddingSequence(frontend, windowing);
}
