import type { Tensor3D } from "@tensorflow/tfjs-core";
import { addLayerNorm, addLinear } from "./add-layers.ts";
import type { Architecture } from "./architecture.ts";
import type { SequenceConfig } from "./conv-attention.ts";
import { addConvolutionBlock, convolutionBlock, convolutionBlockParameters } from "./convolution.ts";
import { addGru, gru, gruParameters } from "./gru.ts";
import { layerNorm, linear } from "./layers.ts";
import { layerNormParameters, linearParameters } from "./linear-parameters.ts";

/** A convolution over time, a gated recurrent unit, LayerNorm and Linear on its last state. */
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
