import {
  createDetector,
  createFrontend,
  type Detector,
  loadClassifier,
  type ModelCard,
} from "@callsign/infer/internal";
import { createNodeSession } from "@callsign/infer/node/internal";
import { tinyHead } from "./tiny-head.ts";
import { toyEmbedding } from "./toy-embedding.ts";

export interface MakeDetectorOptions {
  readonly embedding?: Uint8Array;
  readonly head?: Uint8Array;
}

/** A detector from a card; toy embedding and tiny head unless real ones are given. */
export async function makeDetector(card: ModelCard, options: MakeDetectorOptions = {}): Promise<Detector> {
  const createSession = createNodeSession();
  const { floor } = card.frontend;
  const embeddings = card.windowing.kind === "embedding-sequence" ? card.windowing.embeddings : 1;
  const { embedding = toyEmbedding(), head = tinyHead({ embeddings, labels: card.labels.length }) } = options;
  const frontend = await createFrontend({ createSession, embedding, floor });
  const classifier = await loadClassifier(head, {
    name: "head",
    createSession,
    labels: card.labels,
    embeddings,
  });
  return createDetector({ card, frontend, classifier });
}
