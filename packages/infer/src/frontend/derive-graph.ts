import { makeEmbeddingTimeDynamic } from "./embedding-graph.ts";
import type { FrontendGraph } from "./graph-names.ts";
import { buildLogMelModel } from "./log-mel-graph.ts";
import { buildStreamModel } from "./streaming/stream-graph.ts";

/**
 * One graph of a front-end as ONNX bytes: the same bytes each time.
 * @param embedding ONNX bytes of the speech embedding as published; the log-mel graphs need none
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`
 */
export const deriveGraph = (graph: FrontendGraph, embedding: Uint8Array = new Uint8Array()): Uint8Array =>
  DERIVATIONS[graph](embedding);

const DERIVATIONS: Readonly<Record<FrontendGraph, (embedding: Uint8Array) => Uint8Array>> = {
  "log-mel-window": () => buildLogMelModel({ floor: "window" }),
  "log-mel-chunk": () => buildLogMelModel({ floor: "chunk" }),
  clips: (embedding) => makeEmbeddingTimeDynamic(embedding, { name: "speech embedding" }),
  stream: (embedding) => buildStreamModel(embedding, { name: "speech embedding of a stream" }).model,
};
