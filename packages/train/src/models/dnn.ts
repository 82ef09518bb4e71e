import type { Rank } from "@tensorflow/tfjs-core";
import { addDenseBlock, addLinear } from "./add-layers.ts";
import type { Architecture } from "./architecture.ts";
import type { SequenceConfig } from "./conv-attention.ts";
import { blockOf, linear } from "./layers.ts";
import { layerNormParameters, linearParameters } from "./linear-parameters.ts";

/** All embeddings in a row through two Linear, LayerNorm, ReLU and a Linear: openWakeWord's own kind of head. */
export function dnn({
  embeddings = 16,
  inputs = 96,
  width = 128,
  labels = 1,
}: SequenceConfig = {}): Architecture {
  const row = embeddings * inputs;
  const stages = [
    { dense: "layer1", norm: "norm1", inputs: row },
    { dense: "layer2", norm: "norm2", inputs: width },
  ];
  return {
    name: "dnn",
    featureShape: [embeddings, inputs],
    labels,
    parameters: [
      ...stages.flatMap((stage) => [
        ...linearParameters(stage.dense, { inputs: stage.inputs, outputs: width }),
        ...layerNormParameters(stage.norm, width),
      ]),
      ...linearParameters("output", { inputs: width, outputs: labels }),
    ],
    forward(context, features) {
      const flat = context.tf.reshape<Rank.R2>(features, [features.shape[0], row]);
      const hidden = stages.reduce(
        (x, { dense, norm }, i) => blockOf(context, x, { dense, norm, first: i === 0 }),
        flat,
      );
      return linear(context, hidden, "output");
    },
    addNodes(graph, features) {
      const flat = graph.add("Flatten", [features], { axis: 1n });
      const hidden = stages.reduce((x, { dense, norm }) => addDenseBlock(graph, x, { dense, norm }), flat);
      return addLinear(graph, hidden, "output");
    },
  };
}
