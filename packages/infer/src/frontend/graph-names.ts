/** Input and output of the log-mel graphs. */
export const LOG_MEL_IO = { input: "samples", output: "logMel" } as const;

/** Input and output of the embedding for whole clips. */
export const EMBEDDING_IO = { input: "logMel", output: "embeddings" } as const;

/** Inputs and outputs of the streaming graph. */
export const STREAM_IO = {
  inputs: { samples: "samples", state: "state" },
  outputs: { embeddings: "embeddings", state: "nextState" },
} as const;

/**
 * A graph that a front-end runs: the log-mel of whole clips with either floor, the embedding of whole clips, or log-mel
 * and embedding of streams in one.
 */
export type FrontendGraph = "log-mel-window" | "log-mel-chunk" | "clips" | "stream";

export const FRONTEND_GRAPHS: readonly FrontendGraph[] = [
  "log-mel-window",
  "log-mel-chunk",
  "clips",
  "stream",
];

/**
 * Version of what `deriveGraph` makes, in the names of cached graphs: raise it with each change of a graph's bytes. The
 * test of the shipped graphs fails after such a change.
 */
export const FRONTEND_GRAPHS_VERSION = 1;
