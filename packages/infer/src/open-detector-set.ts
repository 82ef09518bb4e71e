import { type Classifier, loadClassifier } from "./classifier.ts";
import { DetectorSet, type DetectorSetModel } from "./detector-set.ts";
import { createFrontend, type Frontend } from "./frontend.ts";
import { embeddingsOf, type ModelCard } from "./model-card.ts";
import type { SessionFactory } from "./session.ts";

/** A model's card and its classifier graph, wherever they came from. */
export interface ModelParts {
  readonly card: ModelCard;
  /** ONNX bytes of the classifier. */
  readonly classifier: Uint8Array;
  /** Where it came from, for messages. */
  readonly name: string;
}

export interface OpenDetectorSetOptions {
  /** The bytes of the embedding that a card names; asked for once for each embedding and floor. */
  readonly embedding: (model: ModelParts) => Promise<Uint8Array>;
  readonly createSession: SessionFactory;
}

/**
 * Puts a set together from the files of its models. Models that name the same embedding and floor share the sessions of
 * one front-end.
 * @throws CallsignError as `openDetector`, and `INVALID_ARGUMENT` for two models of one name
 */
export async function openDetectorSet(
  models: readonly ModelParts[],
  { embedding, createSession }: OpenDetectorSetOptions,
): Promise<DetectorSet> {
  const loaded: DetectorSetModel[] = [];
  const frontends = new Map<string, Frontend>();
  const openFrontend = async (model: ModelParts): Promise<Frontend> => {
    const { floor, embedding: named } = model.card.frontend;
    const key = `${floor} ${named.sha256}`;
    const known = frontends.get(key);
    if (known !== undefined) return known;
    const frontend = await createFrontend({
      createSession,
      embedding: await embedding(model),
      embeddingSha256: named.sha256,
      floor,
    });
    frontends.set(key, frontend);
    return frontend;
  };
  try {
    for (const model of models) {
      const { card, classifier: graph, name } = model;
      const embeddings = embeddingsOf(card.windowing);
      const classifier = await loadClassifier(graph, {
        name,
        createSession,
        labels: card.labels,
        embeddings,
      });
      try {
        loaded.push({ card, classifier, frontend: await openFrontend(model) });
      } catch (error) {
        await classifier.dispose();
        throw error;
      }
    }
    return new DetectorSet(loaded);
  } catch (error) {
    const parts: (Classifier | Frontend)[] = [
      ...frontends.values(),
      ...loaded.map(({ classifier }) => classifier),
    ];
    await Promise.all(parts.map((part) => part.dispose()));
    throw error;
  }
}
