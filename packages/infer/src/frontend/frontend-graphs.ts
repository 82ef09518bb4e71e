import type { FrontendGraph } from "./graph-names.ts";

/** Gives the ONNX bytes of a front-end's graphs; sessions are made of them without another check. */
export type GraphSource = (graph: FrontendGraph) => Promise<Uint8Array>;

/**
 * Derives a front-end's graphs from its speech embedding. Loads the ONNX editor with the first call.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, and what `embedding` throws
 */
export const derivedGraphs =
  (embedding: () => Promise<Uint8Array>): GraphSource =>
  async (graph) => {
    const { deriveGraph } = await import("./derive-graph.ts");
    return deriveGraph(graph, graph.startsWith("log-mel") ? undefined : await embedding());
  };
