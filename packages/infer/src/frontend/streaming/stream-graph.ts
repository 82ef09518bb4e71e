import { EMBEDDING } from "../embedding.ts";
import { LOG_MEL_IO, STREAM_IO } from "../graph-names.ts";
import { LOG_MEL } from "../log-mel.ts";
import { buildLogMelModel } from "../log-mel-graph.ts";
import {
  decodeOnnx,
  encodeOnnx,
  makeGraph,
  makeModel,
  makeValueInfo,
  renameValues,
} from "@callsign/onnx/internal";
import { type GraphPart, keepRows, packState, stateLength, type StatePiece } from "./stream-state.ts";
import { streamingEmbedding } from "./streaming-embedding.ts";

/** Streaming front-end, samples to embeddings, as a part of a larger graph. */
export interface StreamFrontend extends GraphPart {
  /** `[batch, steps, 96]` */
  readonly output: string;
  readonly pieces: readonly StatePiece[];
  readonly opset: number;
}

/**
 * Builds a graph of log-mel (floor `chunk`) and streaming embedding: `samples [batch, chunks * 1280]` and
 * `state [batch, stateLength]` to `embeddings [batch, chunks, 96]` and `nextState`. Each row of the batch is a stream, whose
 * history is its row of the state. Zeros are the state of a
 * stream whose layers all held zeros; `StreamRunner.silence` is the state after silence.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`
 */
export function buildStreamModel(
  embedding: Uint8Array,
  options: { readonly name?: string } = {},
): { readonly model: Uint8Array; readonly stateLength: number } {
  const { inputs, outputs } = STREAM_IO;
  const frontend = streamFrontend(embedding, { ...options, samples: inputs.samples });
  const { unpack, pack } = packState(frontend.pieces, { state: inputs.state, nextState: outputs.state });
  const length = stateLength(frontend.pieces);
  const graph = makeGraph("callsign-stream", {
    inputs: [
      makeValueInfo(inputs.samples, { dims: ["batch", "samples"] }),
      makeValueInfo(inputs.state, { dims: ["batch", length] }),
    ],
    outputs: [
      makeValueInfo(outputs.embeddings, { dims: ["batch", "steps", EMBEDDING.dimension] }),
      makeValueInfo(outputs.state, { dims: ["batch", length] }),
    ],
    nodes: [...unpack.nodes, ...frontend.nodes, ...pack.nodes],
    initializers: [...unpack.initializers, ...frontend.initializers],
  });
  renameValues(graph, (name) => (name === frontend.output ? outputs.embeddings : name));
  return { model: encodeOnnx(makeModel(graph, { opset: frontend.opset })), stateLength: length };
}

/** Nodes of `buildStreamModel` for use in a larger graph. */
export function streamFrontend(
  bytes: Uint8Array,
  options: { readonly samples: string; readonly name?: string },
): StreamFrontend {
  const { samples, name = "embedding" } = options;
  const context = keepRows(samples, { prefix: "context", axis: 1, rows: LOG_MEL.contextLength });
  const embedding = streamingEmbedding(bytes, { name, prefix: "embedding/" });
  const logMel = decodeOnnx(buildLogMelModel({ floor: "chunk" })).graph;
  const names = new Map<string, string>([
    [LOG_MEL_IO.input, context.joined],
    [LOG_MEL_IO.output, embedding.input],
  ]);
  renameValues(logMel, (value) => names.get(value) ?? `log-mel/${value}`);
  return {
    nodes: [...context.nodes, ...logMel.node, ...embedding.nodes],
    initializers: [...context.initializers, ...logMel.initializer, ...embedding.initializers],
    pieces: [
      { dims: [LOG_MEL.contextLength], before: context.before, after: context.after },
      ...embedding.pieces,
    ],
    output: embedding.output,
    opset: embedding.opset,
  };
}
