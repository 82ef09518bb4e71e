import { type Classifier, loadClassifier } from "./classifier.ts";
import { createDetector, type Detector, type DetectorModel } from "../detector/detector.ts";
import { createFrontend, type Frontend } from "../frontend/frontend.ts";
import { embeddingsOf, type ModelCard } from "./model-card.ts";
import type { GraphSource } from "../frontend/frontend-graphs.ts";
import { OpenOnce } from "../runtime/open-once.ts";
import type { SessionFactory } from "../runtime/session.ts";

/** Card and classifier graph of a model. */
export interface ModelParts {
  readonly card: ModelCard;
  /** ONNX bytes of the classifier. */
  readonly classifier: Uint8Array;
  /** Path or URL, for messages. */
  readonly name: string;
  /** Whether the sha256 of `classifier` is the one on a card that came with it. */
  readonly isTrusted?: boolean;
}

export interface OpenDetectorOptions<Parts extends ModelParts> {
  /** Loads the embedding named by a model's card. */
  readonly embedding: (model: Parts) => Promise<Uint8Array>;
  /** Graphs of that embedding. Default derived from it. */
  readonly graphs?: (model: Parts, embedding: () => Promise<Uint8Array>) => GraphSource;
  readonly createSession: SessionFactory;
}

/**
 * Opens a detector from the files of its models. Models with the same embedding and floor share a front-end.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_MISMATCH`, `SESSION_FAILED`, `INVALID_ARGUMENT`
 * for duplicate names, and errors of `embedding`
 */
export async function openDetector<Parts extends ModelParts>(
  models: readonly Parts[],
  { embedding, graphs, createSession }: OpenDetectorOptions<Parts>,
): Promise<Detector> {
  const opened: DetectorModel[] = [];
  const classifiers: Classifier[] = [];
  const frontends = new Map<string, Frontend>();
  const openFrontend = async (model: Parts): Promise<Frontend> => {
    const { floor, embedding: named } = model.card.frontend;
    const key = `${floor} ${named.sha256}`;
    const known = frontends.get(key);
    if (known !== undefined) return known;
    const bytes = new OpenOnce(() => embedding(model));
    const frontend = await createFrontend({
      createSession,
      embedding: () => bytes.get(),
      embeddingSha256: named.sha256,
      floor,
      isForStreams: floor === "chunk",
      ...(graphs && { graphs: graphs(model, () => bytes.get()) }),
    });
    frontends.set(key, frontend);
    // What `createDetector` asks for, here with the front-end's other errors.
    if (floor === "chunk") await frontend.streams();
    return frontend;
  };
  try {
    for (const model of models) {
      const { card, name } = model;
      const options = {
        name,
        createSession,
        isTrusted: model.isTrusted ?? false,
        labels: card.labels,
        embeddings: embeddingsOf(card.windowing),
      };
      const classifier = await loadClassifier(model.classifier, options);
      classifiers.push(classifier);
      opened.push({ card, classifier, frontend: await openFrontend(model) });
    }
  } catch (error) {
    await Promise.all([...classifiers, ...frontends.values()].map((part) => part.dispose()));
    throw error;
  }
  return createDetector(opened);
}
