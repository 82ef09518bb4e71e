import type { Classifier } from "../classifier.ts";
import { loadClassifier } from "../classifier.ts";
import { DetectorSet, type DetectorSetModel } from "../detector-set.ts";
import { createFrontend, type Frontend } from "../frontend.ts";
import { embeddingsOf } from "../model-card.ts";
import { CallsignError } from "../errors.ts";
import type { SessionFactory } from "../session.ts";
import { type LoadDetectorOptions, readModel } from "./detector.ts";
import { createNodeSession } from "./session.ts";

export interface LoadDetectorSetOptions extends LoadDetectorOptions {
  /** Names for the bare heads among the models, in their order; the others keep their files' names. */
  readonly headNames?: readonly string[];
}

/**
 * Loads several models (folders or bare .onnx heads, as `loadDetector` takes them) for any number of streams. Models
 * with the same front-end share its sessions.
 * @throws CallsignError as `loadDetector`, and `INVALID_ARGUMENT` where two have one name or a head name is left over
 */
export async function loadDetectorSet(
  models: readonly string[],
  options: LoadDetectorSetOptions = {},
): Promise<DetectorSet> {
  const { createSession = createNodeSession(), headNames = [] } = options;
  const loaded: DetectorSetModel[] = [];
  const frontends = new Map<string, Frontend>();
  try {
    let named = 0;
    for (const path of models) {
      const name = headNames[named];
      const head = { ...options.head, ...(name !== undefined && { name }) };
      const model = await loadModel(path, { ...options, head, createSession, frontends });
      loaded.push(model);
      // A model with a card keeps the card's name, and the name is for the next head.
      if (name !== undefined && model.card.name === name) named += 1;
    }
    if (named < headNames.length)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `got ${headNames.length} names for bare heads, but ${named} of the models are heads without a card`,
      );
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

async function loadModel(
  path: string,
  options: LoadDetectorOptions & {
    readonly createSession: SessionFactory;
    readonly frontends: Map<string, Frontend>;
  },
): Promise<DetectorSetModel> {
  const { createSession, frontends } = options;
  const { card, name, classifier: graph, embedding } = await readModel(path, options);
  const { floor, embedding: named } = card.frontend;
  const key = `${floor} ${named.sha256}`;
  const frontend =
    frontends.get(key) ??
    (await createFrontend({ createSession, embedding, embeddingSha256: named.sha256, floor }));
  frontends.set(key, frontend);
  const embeddings = embeddingsOf(card.windowing);
  const classifier = await loadClassifier(graph, { name, createSession, labels: card.labels, embeddings });
  return { card, frontend, classifier };
}
