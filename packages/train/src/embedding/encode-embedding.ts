import { EMBEDDING, LOG_MEL } from "@callsign/infer/internal";
import {
  encodeOnnx,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
  type NodeProto,
  type TensorProto,
} from "@callsign/onnx/internal";
import type { Weights } from "../weights/parameters.ts";
import { BATCH_NORM_EPSILON } from "./batch-norm.ts";
import type { EmbeddingLayer, EmbeddingNetwork } from "./embedding-network.ts";

/** Mean and variance of a layer over many batches, `[outputs]` each. */
export interface LayerMoments {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Weights and statistics of a trained embedding. */
export interface TrainedEmbedding {
  readonly weights: Weights;
  /** By layer name; the last layer has none. */
  readonly moments: ReadonlyMap<string, LayerMoments>;
  /** Mean and standard deviation of the teacher, `[96]` each; the student predicts standardised values. */
  readonly scale: { readonly mean: Float32Array; readonly deviation: Float32Array };
}

/**
 * Encodes an embedding as ONNX with the inputs and outputs of the reference: windows `[b, 76, 32, 1]` to `[b, 1, 1, 96]`,
 * a chain of Conv and Relu between two reshapes, with normalisations folded into weights and biases. Deterministic.
 */
export function encodeEmbedding(
  network: EmbeddingNetwork,
  trained: TrainedEmbedding,
  { version }: { readonly version: string },
): Uint8Array {
  const { windowFrames, dimension } = EMBEDDING;
  const nodes: NodeProto[] = [
    makeNode("Reshape", { inputs: [INPUT, "planes"], outputs: ["value"], name: "planes" }),
  ];
  const initializers: TensorProto[] = [
    makeInt64Tensor("planes", { values: [-1, 1, windowFrames, LOG_MEL.melBins] }),
    makeInt64Tensor("rows", { values: [-1, 1, 1, dimension] }),
  ];
  let value = "value";
  const last = network.layers.length - 1;
  for (const [i, layer] of network.layers.entries()) {
    const { weight, bias } = i === last ? unscaled(layer, trained) : folded(layer, trained);
    const shape = [layer.outputs, layer.inputs, ...layer.kernel];
    initializers.push(makeFloatTensor(`${layer.name}.weight`, { values: weight, dims: shape }));
    initializers.push(makeFloatTensor(`${layer.name}.bias`, { values: bias, dims: [layer.outputs] }));
    nodes.push(
      makeNode("Conv", {
        inputs: [value, `${layer.name}.weight`, `${layer.name}.bias`],
        outputs: [layer.name],
        name: layer.name,
        attributes: {
          kernel_shape: layer.kernel.map(BigInt),
          strides: layer.stride.map(BigInt),
          dilations: [1n, 1n],
          pads: [0n, BigInt(layer.padding), 0n, BigInt(layer.padding)],
        },
      }),
    );
    value = layer.name;
    if (i === last) break;
    value = `${layer.name}.relu`;
    nodes.push(makeNode("Relu", { inputs: [layer.name], outputs: [value], name: value }));
  }
  nodes.push(makeNode("Reshape", { inputs: [value, "rows"], outputs: [OUTPUT], name: "rows" }));
  const graph = makeGraph(network.name, {
    inputs: [makeValueInfo(INPUT, { dims: ["batch", windowFrames, LOG_MEL.melBins, 1] })],
    outputs: [makeValueInfo(OUTPUT, { dims: ["batch", 1, 1, dimension] })],
    nodes,
    initializers,
  });
  return encodeOnnx(makeModel(graph, { producerVersion: version }));
}

const INPUT = "logMel";
const OUTPUT = "embedding";

interface Folded {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Folds gain (x - mean) / deviation + offset into a convolution's weight and bias. */
function folded({ name, outputs }: EmbeddingLayer, { weights, moments }: TrainedEmbedding): Folded {
  const [gain, offset] = [weights.get(`${name}.gain`)!, weights.get(`${name}.offset`)!];
  const { mean, variance } = moments.get(name)!;
  const factor = variance.map((value, i) => gain[i]! / Math.sqrt(value + BATCH_NORM_EPSILON));
  return {
    weight: scaleRows(weights.get(`${name}.weight`)!, { factor, outputs }),
    bias: offset.map((value, i) => value - factor[i]! * mean[i]!),
  };
}

/** Folds the conversion from standardised values to the teacher's scale into the last layer. */
function unscaled({ name, outputs }: EmbeddingLayer, { weights, scale }: TrainedEmbedding): Folded {
  const { mean, deviation } = scale;
  return {
    weight: scaleRows(weights.get(`${name}.weight`)!, { factor: deviation, outputs }),
    bias: weights.get(`${name}.bias`)!.map((value, i) => value * deviation[i]! + mean[i]!),
  };
}

function scaleRows(
  weight: Float32Array,
  { factor, outputs }: { factor: Float32Array; outputs: number },
): Float32Array {
  const width = weight.length / outputs;
  return weight.map((value, i) => value * factor[Math.floor(i / width)]!);
}
