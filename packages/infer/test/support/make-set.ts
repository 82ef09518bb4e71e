import {
  createDetector,
  createFrontend,
  type Detector,
  loadClassifier,
  type ModelCard,
} from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { tinyHead, type TinyHeadOptions } from "./tiny-head.ts";
import { toyEmbedding } from "./toy-embedding.ts";

/** A set of models from cards of one front-end, with the toy embedding and tiny heads. */
export async function makeSet(cards: readonly ModelCard[], head: TinyHeadOptions = {}): Promise<Detector> {
  const createSession = createNodeSession();
  const { floor } = cards[0]!.frontend;
  const frontend = await createFrontend({ createSession, embedding: toyEmbedding(), floor });
  const models = cards.map(async (card) => {
    const embeddings = card.windowing.kind === "embedding-sequence" ? card.windowing.embeddings : 1;
    const labels = card.labels.length;
    const graph = tinyHead({ embeddings, labels, ...head });
    const classifier = await loadClassifier(graph, {
      name: card.name,
      createSession,
      labels: card.labels,
      embeddings,
    });
    return { card, frontend, classifier };
  });
  return createDetector(await Promise.all(models));
}
