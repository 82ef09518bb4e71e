import {
  encodeOnnx,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
} from "@callsign/onnx/internal";

export interface TinyHeadOptions {
  readonly embeddings?: number;
  readonly labels?: number;
  readonly batch?: number | string;
  readonly inputDims?: readonly (number | string)[];
  readonly outputDims?: readonly (number | string)[];
  /** Reshapes the scores as the last step. */
  readonly outputShape?: readonly number[];
  /** Reshapes the input to this batch as the first step, as careless exports do. */
  readonly innerBatch?: number;
  /** Last operator; `Identity` leaves logits. */
  readonly activation?: "Sigmoid" | "Identity";
  /** Default `test`. */
  readonly producerName?: string;
  readonly weight?: (row: number, column: number) => number;
}

/** A head that is one matrix: flatten, multiply, sigmoid. */
export function tinyHead(options: TinyHeadOptions = {}): Uint8Array {
  const { embeddings = 16, labels = 1, batch = "n", activation = "Sigmoid" } = options;
  const { outputShape, innerBatch } = options;
  const { weight = (row, column) => Math.sin(row * 0.7 + column) * 0.02 } = options;
  const inputs = embeddings * 96;
  const values = Float32Array.from({ length: inputs * labels }, (_, i) =>
    weight(Math.floor(i / labels), i % labels),
  );
  const graph = makeGraph("head", {
    inputs: [makeValueInfo("in", { dims: options.inputDims ?? [batch, embeddings, 96] })],
    outputs: [makeValueInfo("out", { dims: options.outputDims ?? [batch, labels] })],
    nodes: [
      innerBatch === undefined
        ? makeNode("Flatten", { inputs: ["in"], outputs: ["flat"], attributes: { axis: 1n } })
        : makeNode("Reshape", { inputs: ["in", "inner"], outputs: ["flat"] }),
      makeNode("MatMul", { inputs: ["flat", "w"], outputs: ["logits"] }),
      makeNode(activation, { inputs: ["logits"], outputs: [outputShape ? "scores" : "out"] }),
      ...(outputShape ? [makeNode("Reshape", { inputs: ["scores", "shape"], outputs: ["out"] })] : []),
    ],
    initializers: [
      makeFloatTensor("w", { values, dims: [inputs, labels] }),
      ...(outputShape ? [makeInt64Tensor("shape", { values: outputShape })] : []),
      ...(innerBatch === undefined ? [] : [makeInt64Tensor("inner", { values: [innerBatch, inputs] })]),
    ],
  });
  return encodeOnnx(makeModel(graph, { producerName: options.producerName ?? "test" }));
}
