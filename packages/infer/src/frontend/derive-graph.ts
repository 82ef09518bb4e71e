import { makeEmbeddingTimeDynamic } from "./embedding-graph.ts";
import type { FrontendGraph } from "./frontend-graphs.ts";
import { buildLogMelModel } from "./log-mel-graph.ts";
import { buildStreamModel } from "./streaming/stream-graph.ts";

/**
 * One graph of a front-end as ONNX bytes: the same bytes each time.
 * @param embedding ONNX bytes of the speech embedding as published; the log-mel graphs need none
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`
 */
export function deriveGraph(graph: FrontendGraph, embedding: Uint8Array = new Uint8Array()): Uint8Array {
  switch (graph) {
    case "log-mel-window":
      return buildLogMelModel({ floor: "window" });
    case "log-mel-chunk":
      return buildLogMelModel({ floor: "chunk" });
    case "clips":
      return makeEmbeddingTimeDynamic(embedding, { name: "speech embedding" });
    case "stream":
      return buildStreamModel(embedding, { name: "speech embedding of a stream" }).model;
  }
}
