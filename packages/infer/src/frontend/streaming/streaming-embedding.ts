import { clampByConvolution } from "../embedding-clamp.ts";
import { EMBEDDING } from "../embedding.ts";
import { type EmbeddingGraph, readEmbeddingGraph, timeOf } from "../embedding-graph.ts";
import { CallsignError } from "@callsign/audio/internal";
import { LOG_MEL } from "../log-mel.ts";
import {
  encodeOnnx,
  findConsumers,
  findInitializer,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
  removeUnusedInitializers,
  renameValues,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "@callsign/onnx/internal";
import { END, type GraphPart, keepRows, packState, stateLength, type StatePiece } from "./stream-state.ts";

/** Input and output names of the graph made by `makeStreamingEmbedding`. */
export const STREAMING_EMBEDDING_IO = {
  inputs: { logMel: "logMel", state: "state" },
  outputs: { embeddings: "embeddings", state: "nextState" },
} as const;

/** Streaming embedding as a part of a larger graph: `input [batch, frames, 32]` to `output [batch, steps, 96]`. */
export interface StreamingEmbedding extends GraphPart {
  readonly input: string;
  readonly output: string;
  readonly pieces: readonly StatePiece[];
  /** Operator set of the nodes, which mean the same from 13 to 22. */
  readonly opset: number;
}

/**
 * Rewrites the embedding into a streaming graph: every 8 new frames give one embedding of the latest 76 frames. The rows that
 * a convolution needs again are carried in `state [batch, stateLength]`, zeros initially. From the tenth chunk on, when no row
 * is older than the stream, the values are bit-identical to those of separate windows.
 * @param bytes reference embedding, or another chain of convolutions, pools and pointwise nodes with its input and output
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`
 */
export function makeStreamingEmbedding(
  bytes: Uint8Array,
  options: { readonly name?: string } = {},
): { readonly model: Uint8Array; readonly stateLength: number } {
  const part = streamingEmbedding(bytes, { ...options, prefix: "embedding/" });
  const { inputs, outputs } = STREAMING_EMBEDDING_IO;
  const { unpack, pack } = packState(part.pieces, { state: inputs.state, nextState: outputs.state });
  const length = stateLength(part.pieces);
  const graph = makeGraph("callsign-streaming-embedding", {
    inputs: [
      makeValueInfo(inputs.logMel, { dims: ["batch", "frames", LOG_MEL.melBins] }),
      makeValueInfo(inputs.state, { dims: ["batch", length] }),
    ],
    outputs: [
      makeValueInfo(outputs.embeddings, { dims: ["batch", "steps", EMBEDDING.dimension] }),
      makeValueInfo(outputs.state, { dims: ["batch", length] }),
    ],
    nodes: [...unpack.nodes, ...part.nodes, ...pack.nodes],
    initializers: [...unpack.initializers, ...part.initializers],
  });
  const names = new Map<string, string>([
    [part.input, inputs.logMel],
    [part.output, outputs.embeddings],
  ]);
  renameValues(graph, (name) => names.get(name) ?? name);
  return { model: encodeOnnx(makeModel(graph, { opset: part.opset })), stateLength: length };
}

/** Nodes of `makeStreamingEmbedding` for use in a larger graph, their names prefixed. */
export function streamingEmbedding(
  bytes: Uint8Array,
  options: { readonly name?: string; readonly prefix: string },
): StreamingEmbedding {
  const { name = "embedding", prefix } = options;
  const embedding = readEmbeddingGraph(bytes, { name });
  const { model, first, last } = embedding;
  const opset = checkOpset(embedding, name);
  clampByConvolution(model, embedding.chain, { outside: keepsRows });
  const { graph } = model;
  const chain = follow(graph, { first, last });
  const streamed = streamChain(graph, { chain, input: first.output[0]!, name });
  const shapes = [
    makeInt64Tensor("stream/planes", { values: [0, 1, -1, LOG_MEL.melBins] }),
    makeInt64Tensor("stream/channels", { values: [0, EMBEDDING.dimension, -1] }),
  ];
  graph.node = [
    makeNode("Reshape", { inputs: [embedding.input, "stream/planes"], outputs: first.output }),
    ...streamed.nodes,
    makeNode("Reshape", { inputs: [streamed.output, "stream/channels"], outputs: ["stream/rows"] }),
    makeNode("Transpose", {
      inputs: ["stream/rows"],
      outputs: [embedding.output],
      attributes: { perm: [0n, 2n, 1n] },
    }),
  ];
  graph.initializer.push(...streamed.initializers, ...shapes);
  removeUnusedInitializers(graph);
  renameValues(graph, (value) => prefix + value);
  for (const node of graph.node) node.name = prefix + node.name;
  return {
    input: prefix + embedding.input,
    output: prefix + embedding.output,
    nodes: graph.node,
    initializers: graph.initializer,
    pieces: streamed.pieces.map(({ dims, before, after }) => ({
      dims,
      before: prefix + before,
      after: prefix + after,
    })),
    opset,
  };
}

/** The chain's operators mean the same from operator set 13 (Clip with inputs, Slice, Split) to 22. */
function checkOpset({ model }: EmbeddingGraph, name: string): number {
  const opset = Number(
    model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version,
  );
  if (opset >= OLDEST_OPSET && opset <= NEWEST_OPSET) return Math.max(opset, MODEL_OPSET);
  throw new CallsignError(
    "MODEL_SHAPE_MISMATCH",
    `${name}: expected ONNX operator set ${OLDEST_OPSET} to ${NEWEST_OPSET} for streaming, got ${opset}; convert it`,
  );
}

const OLDEST_OPSET = 13;
const NEWEST_OPSET = 22;
/** Default of `makeModel`. */
const MODEL_OPSET = 17;

/** Input rows that a layer uses again at the next step; negative for rows that it never uses. */
function keptRows(node: NodeProto): number {
  if (node.opType !== "Conv" && node.opType !== "MaxPool") return 0;
  const { kernel, stride, dilation } = timeOf(node);
  return (kernel - 1) * dilation + 1 - stride;
}

const keepsRows = (node: NodeProto): boolean => keptRows(node) > 0;

/** Current nodes between the two reshapes. */
function follow(graph: GraphProto, { first, last }: Pick<EmbeddingGraph, "first" | "last">): NodeProto[] {
  const chain: NodeProto[] = [];
  for (let node = first; ;) {
    const next = findConsumers(graph, node.output[0]!)[0]!;
    if (next === last) return chain;
    chain.push(next);
    node = next;
  }
}

/** Prepends the kept rows to the input of every layer that spans steps. */
function streamChain(
  graph: GraphProto,
  options: { readonly chain: readonly NodeProto[]; readonly input: string; readonly name: string },
): GraphPart & { readonly pieces: StatePiece[]; readonly output: string } {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const pieces: StatePiece[] = [];
  const shape = { channels: 1, width: LOG_MEL.melBins as number };
  let value = options.input;
  for (const node of options.chain) {
    const rows = keptRows(node);
    const prefix = `stream${pieces.length}`;
    if (rows > 0) {
      const kept = keepRows(value, { prefix, axis: TIME, rows });
      pieces.push({ dims: [shape.channels, rows, shape.width], before: kept.before, after: kept.after });
      nodes.push(...kept.nodes);
      initializers.push(...kept.initializers);
      value = kept.joined;
    } else if (rows < 0) {
      // The stride exceeds the kernel. The unused rows come first, since the last window ends with the chunk.
      const range = [`${value}/from`, `${value}/to`, `${value}/axis`];
      nodes.push(makeNode("Slice", { inputs: [value, ...range], outputs: [`${value}/read`] }));
      initializers.push(
        ...[[-rows], [END], [TIME]].map((values, i) => makeInt64Tensor(range[i]!, { values })),
      );
      value = `${value}/read`;
    }
    node.input[0] = value;
    nodes.push(node);
    value = node.output[0]!;
    advance(shape, { graph, node, name: options.name });
  }
  return { nodes, initializers, pieces, output: value };
}

/** Axis of time in `[batch, channels, time, melBins]`. */
const TIME = 2;

/** Updates channels and width to those of the layer's output. */
function advance(
  shape: { channels: number; width: number },
  layer: { readonly graph: GraphProto; readonly node: NodeProto; readonly name: string },
): void {
  const { graph, node, name } = layer;
  if (node.opType !== "Conv" && node.opType !== "MaxPool") return;
  if (node.opType === "Conv") {
    const channels = findInitializer(graph, node.input[1] ?? "")?.dims[0];
    if (channels === undefined)
      throw new CallsignError(
        "MODEL_SHAPE_MISMATCH",
        `${name}: expected convolutions with constant weights, got none in '${node.name}'`,
      );
    shape.channels = Number(channels);
  }
  const ints = (attribute: string): bigint[] =>
    node.attribute.find((candidate) => candidate.name === attribute)?.ints ?? [];
  const [kernel, stride, dilation] = ["kernel_shape", "strides", "dilations"].map((attribute) =>
    Number(ints(attribute)[1] ?? 1n),
  ) as [number, number, number];
  const padding = Number(ints("pads")[1] ?? 0n) + Number(ints("pads")[3] ?? 0n);
  shape.width = Math.floor((shape.width + padding - (kernel - 1) * dilation - 1) / stride) + 1;
}
