import type { Tensor3D } from "@tensorflow/tfjs-core";
import { addLayerNorm, addLinear } from "./add-layers.ts";
import type { Architecture } from "./architecture.ts";
import { addAttention, attention, attentionParameters } from "./attention.ts";
import { addConvolutionBlock, convolutionBlock, convolutionBlockParameters } from "./convolution.ts";
import { layerNorm, linear } from "./layers.ts";
import { layerNormParameters, linearParameters } from "./linear-parameters.ts";

export interface SequenceConfig {
  /** Embeddings read at once. Default 16, which openWakeWord's pipeline gives. */
  readonly embeddings?: number;
  /** Values of an embedding. Default 96. */
  readonly inputs?: number;
  /** Channels of the hidden layers. Default 64, dnn 128. */
  readonly width?: number;
  /** Default 1. */
  readonly labels?: number;
}

/** Heads share the width between them. */
const HEADS = 4;

/**
 * Two convolutions over time with LayerNorm, self-attention of four heads with a residual and LayerNorm, the mean over
 * time, Linear: the accuracy default.
 */
export function convAttention({
  embeddings = 16,
  inputs = 96,
  width = 64,
  labels = 1,
}: SequenceConfig = {}): Architecture {
  const convolutions = [
    { dense: "conv1", norm: "norm1", inputs, outputs: width },
    { dense: "conv2", norm: "norm2", inputs: width, outputs: width },
  ];
  const mixing = { name: "attention", width, heads: HEADS };
  return {
    name: "conv-attention",
    featureShape: [embeddings, inputs],
    labels,
    parameters: [
      ...convolutions.flatMap(convolutionBlockParameters),
      ...attentionParameters(mixing),
      ...layerNormParameters("norm3", width),
      ...linearParameters("output", { inputs: width, outputs: labels }),
    ],
    forward(context, features) {
      const { tf } = context;
      const local = convolutions.reduce(
        (x, block, i) => convolutionBlock(context, x, { ...block, first: i === 0 }),
        features as Tensor3D,
      );
      const mixed = layerNorm(context, tf.add(local, attention(context, local, mixing)), "norm3");
      return linear(context, tf.mean(mixed, 1), "output");
    },
    addNodes(graph, features) {
      const local = convolutions.reduce((x, block) => addConvolutionBlock(graph, x, block), features);
      const mixed = addLayerNorm(
        graph,
        graph.add("Add", [local, addAttention(graph, local, mixing)]),
        "norm3",
      );
      return addLinear(graph, graph.add("ReduceMean", [mixed], { axes: [1n], keepdims: 0n }), "output");
    },
  };
}
