import type { Rank, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { addLayerNorm, layerNorm, layerNormParameters } from "./layers/layer-norm.ts";
import { addLinear, linear, linearParameters } from "./layers/linear.ts";
import type { GraphBuilder } from "../export/onnx/graph-builder.ts";
import type { Architecture, ForwardContext } from "./architecture.ts";
import { addAttention, attention, attentionParameters } from "./layers/attention.ts";
import { addConvolutionBlock, convolutionBlock, convolutionBlockParameters } from "./layers/convolution.ts";

export interface SequenceConfig {
  /** Embeddings per window. Default 16, as in openWakeWord. */
  readonly embeddings?: number;
  /** Values of an embedding. Default 96. */
  readonly inputs?: number;
  /** Channels of the hidden layers. Default 64, dnn 128. */
  readonly width?: number;
  /** Default 1. */
  readonly labels?: number;
}

/** Options of `convAttention`. */
export interface ConvAttentionConfig extends SequenceConfig {
  /** Adds a learned vector for each step before the attention; without it only the convolutions depend on the order of steps. Default false. */
  readonly positions?: boolean;
  /** How the steps become one vector: their mean, their mean weighted by a learned query, or the last one. Default mean. */
  readonly pooling?: "mean" | "attention" | "last";
}

/** Attention heads; each has a quarter of the width. */
const HEADS = 4;

/**
 * Default network for sequences: two convolutions over time with LayerNorm, self-attention with four heads, residual and
 * LayerNorm, pooling over time, Linear.
 */
export function convAttention({
  embeddings = 16,
  inputs = 96,
  width = 64,
  labels = 1,
  positions = false,
  pooling = "mean",
}: ConvAttentionConfig = {}): Architecture {
  const convolutions = [
    { dense: "conv1", norm: "norm1", inputs, outputs: width },
    { dense: "conv2", norm: "norm2", inputs: width, outputs: width },
  ];
  const mixing = { name: "attention", width, heads: HEADS };
  const { query, pool, addPool } = POOLINGS[pooling];
  const zero = { kind: "constant", value: 0 } as const;
  return {
    name: "conv-attention",
    featureShape: [embeddings, inputs],
    labels,
    parameters: [
      ...convolutions.flatMap(convolutionBlockParameters),
      ...(positions
        ? [{ name: POSITIONS, shape: [embeddings, width], initialisation: zero, decays: false }]
        : []),
      ...attentionParameters(mixing),
      ...layerNormParameters("norm3", width),
      ...(query ? [{ name: QUERY, shape: [1, width], initialisation: zero, decays: false }] : []),
      ...linearParameters("output", { inputs: width, outputs: labels }),
    ],
    forward(context, features) {
      const { tf, parameter } = context;
      const convolved = convolutions.reduce(
        (x, block, i) => convolutionBlock(context, x, { ...block, first: i === 0 }),
        features as Tensor3D,
      );
      const local = positions ? tf.add<Tensor3D>(convolved, parameter(POSITIONS)) : convolved;
      const mixed = layerNorm(context, tf.add(local, attention(context, local, mixing)), "norm3");
      return linear(context, pool(context, mixed as Tensor3D), "output");
    },
    addNodes(graph, features) {
      const convolved = convolutions.reduce((x, block) => addConvolutionBlock(graph, x, block), features);
      const local = positions ? graph.add("Add", [convolved, graph.parameter(POSITIONS)]) : convolved;
      const mixed = addLayerNorm(
        graph,
        graph.add("Add", [local, addAttention(graph, local, mixing)]),
        "norm3",
      );
      return addLinear(graph, addPool(graph, mixed), "output");
    },
  };
}

const POSITIONS = "positions";
const QUERY = "pooling.query";

/** Reduction of `[batch, steps, width]` to `[batch, width]`, in training and in ONNX. */
interface Pooling {
  /** Whether it has a learned query. */
  readonly query: boolean;
  readonly pool: (context: ForwardContext, steps: Tensor3D) => Tensor2D;
  readonly addPool: (graph: GraphBuilder, steps: string) => string;
}

const POOLINGS: Readonly<Record<NonNullable<ConvAttentionConfig["pooling"]>, Pooling>> = {
  mean: {
    query: false,
    pool: ({ tf }, steps) => tf.mean<Tensor2D>(steps, 1),
    addPool: (graph, steps) => graph.add("ReduceMean", [steps], { axes: [1n], keepdims: 0n }),
  },
  attention: {
    query: true,
    pool({ tf, parameter }, steps) {
      const [batch, count, width] = steps.shape;
      const rows = tf.reshape<Rank.R2>(steps, [batch * count, width]);
      const scores = tf.matMul(rows, tf.transpose(parameter(QUERY)));
      const shares = tf.softmax(tf.reshape<Rank.R3>(scores, [batch, 1, count]));
      return tf.reshape<Rank.R2>(tf.matMul(shares, steps), [batch, width]);
    },
    addPool(graph, steps) {
      const transposed = graph.add("Transpose", [graph.parameter(QUERY)], { perm: [1n, 0n] });
      const shares = graph.add("Softmax", [graph.add("MatMul", [steps, transposed])], { axis: 1n });
      const weighted = graph.add("Mul", [steps, shares]);
      return graph.add("ReduceSum", [weighted, graph.integers([1])], { keepdims: 0n });
    },
  },
  last: {
    query: false,
    pool({ tf }, steps) {
      const [batch, count, width] = steps.shape;
      return tf.reshape<Rank.R2>(tf.slice(steps, [0, count - 1, 0], [batch, 1, width]), [batch, width]);
    },
    addPool(graph, steps) {
      const last = graph.add("Gather", [steps, graph.integers([-1])], { axis: 1n });
      return graph.add("Squeeze", [last, graph.integers([1])]);
    },
  },
};
