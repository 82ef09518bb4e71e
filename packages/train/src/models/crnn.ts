import type { Tensor3D } from "@tensorflow/tfjs-core";
import { addLayerNorm, layerNorm, layerNormParameters } from "./layers/layer-norm.ts";
import { addLinear, linear, linearParameters } from "./layers/linear.ts";
import type { Architecture } from "./architecture.ts";
import type { SequenceConfig } from "./conv-attention.ts";
import { addConvolutionBlock, convolutionBlock, convolutionBlockParameters } from "./layers/convolution.ts";
import { addGru, gru, gruParameters } from "./layers/gru.ts";

/** Convolution over time, gated recurrent unit, then LayerNorm and Linear on its last state. */
export function crnn({
  embeddings = 16,
  inputs = 96,
  width = 64,
  labels = 1,
}: SequenceConfig = {}): Architecture {
  const convolution = { dense: "conv", norm: "norm1", inputs, outputs: width };
  const recurrence = { name: "gru", inputs: width, width };
  return {
    name: "crnn",
    featureShape: [embeddings, inputs],
    labels,
    parameters: [
      ...convolutionBlockParameters(convolution),
      ...gruParameters(recurrence),
      ...layerNormParameters("norm2", width),
      ...linearParameters("output", { inputs: width, outputs: labels }),
    ],
    forward(context, features) {
      const local = convolutionBlock(context, features as Tensor3D, { ...convolution, first: true });
      return linear(context, layerNorm(context, gru(context, local, recurrence), "norm2"), "output");
    },
    addNodes(graph, features) {
      const last = addGru(graph, addConvolutionBlock(graph, features, convolution), recurrence);
      return addLinear(graph, addLayerNorm(graph, last, "norm2"), "output");
    },
  };
}
