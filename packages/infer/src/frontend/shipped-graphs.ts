// Made by scripts/derive-graphs.ts.
import type { FrontendGraph } from "./graph-names.ts";

/** A graph in the assets of this package. */
export interface ShippedGraph {
  /** Path in `assets`. */
  readonly file: string;
  readonly sha256: string;
}

/** The shipped graph of a front-end with this embedding, if there is one. */
export const shippedGraph = (graph: FrontendGraph, embeddingSha256: string): ShippedGraph | undefined =>
  graph.startsWith("log-mel") || embeddingSha256 === EMBEDDING_SHA256 ? SHIPPED[graph] : undefined;

/** sha256 of callsign-embedding.onnx. */
const EMBEDDING_SHA256 = "53b0d2e467acf2c3a8dc2977688edea34cf0b38d74b96b284c4d486471486904";

const SHIPPED: Readonly<Record<FrontendGraph, ShippedGraph>> = {
  "log-mel-window": {
    file: "graphs/log-mel-window.onnx",
    sha256: "69d70208e404126627d33f7880c539418030dced348199230dd5105506286c99",
  },
  "log-mel-chunk": {
    file: "graphs/log-mel-chunk.onnx",
    sha256: "d9ff78e5d7f7103eac948fdcfbc79bfa31ddd72e8e2967913992d321f3216fea",
  },
  clips: {
    file: "graphs/callsign-embedding-clips.onnx",
    sha256: "0f7ec9f282e139f75fc932d434fdbfcd128fb4163b5ac98c73b57c9be0f0dae7",
  },
  stream: {
    file: "graphs/callsign-embedding-stream.onnx",
    sha256: "45a619ecdfaf02e454bf120ca40a9998c959aa50edd81f509cbc33cd923e1707",
  },
};
