import { loadClassifier } from "./classifier.ts";
import { createDetector, type Detector } from "./detector.ts";
import { createFrontend } from "./frontend.ts";
import { embeddingsOf, type ModelCard } from "./model-card.ts";
import type { SessionFactory } from "./session.ts";

export interface OpenDetectorOptions {
  readonly card: ModelCard;
  /** The classifier's ONNX bytes, and what to call them in messages. */
  readonly classifier: Uint8Array;
  readonly name: string;
  /** The bytes of the embedding the card names; asked for once the classifier is known to be sound. */
  readonly embedding: () => Promise<Uint8Array>;
  readonly createSession: SessionFactory;
}

/**
 * Puts a detector together from a model's files, wherever they came from.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_MISMATCH`, `SESSION_FAILED`, and what `embedding` throws
 */
export async function openDetector(options: OpenDetectorOptions): Promise<Detector> {
  const { card, name, createSession } = options;
  const classifier = await loadClassifier(options.classifier, {
    name,
    createSession,
    labels: card.labels,
    embeddings: embeddingsOf(card.windowing),
  });
  try {
    const frontend = await createFrontend({
      createSession,
      embedding: await options.embedding(),
      embeddingSha256: card.frontend.embedding.sha256,
      floor: card.frontend.floor,
    });
    return await createDetector({ card, frontend, classifier });
  } catch (error) {
    await classifier.dispose();
    throw error;
  }
}
