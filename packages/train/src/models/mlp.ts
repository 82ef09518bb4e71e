import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Architecture, ForwardContext } from "./architecture.ts";
import { addDenseBlock, addLinear } from "./add-layers.ts";
import { blockOf, linear } from "./layers.ts";
import { layerNormParameters, linearParameters, mirroredParameters } from "./linear-parameters.ts";

export interface MlpConfig {
  /** Values of the one embedding it reads. Default 96. */
  readonly inputs?: number;
  /** Default 128. Where it is even, the network starts as a linear map, which keeps deep ones trainable. */
  readonly width?: number;
  /** Hidden layers after the first. Default 32. */
  readonly blocks?: number;
  /** Default 1. */
  readonly labels?: number;
}

/**
 * The published network: Linear, LayerNorm, ReLU, once from the embedding and `blocks` times more, then Linear; names
 * as in the published solution's checkpoint. Its defaults are the published 549,377 parameters.
 */
export function mlp({ inputs = 96, width = 128, blocks = 32, labels = 1 }: MlpConfig = {}): Architecture {
  const stages = [
    { dense: "layer1", norm: "layernorm1", inputs },
    ...Array.from({ length: blocks }, (_, i) => ({
      dense: `blocks.${i}.fcn_layer`,
      norm: `blocks.${i}.layer_norm`,
      inputs: width,
    })),
  ];
  const dense = width % 2 === 0 ? mirroredParameters : linearParameters;
  return {
    name: "mlp",
    featureShape: [inputs],
    labels,
    parameters: [
      ...stages.flatMap((stage, i) => [
        ...dense(stage.dense, { inputs: stage.inputs, outputs: width, first: i === 0 }),
        ...layerNormParameters(stage.norm, width),
      ]),
      ...linearParameters("last_layer", { inputs: width, outputs: labels }),
    ],
    forward(context: ForwardContext, features) {
      const hidden = stages.reduce(
        (x, { dense, norm }, i) => blockOf(context, x, { dense, norm, first: i === 0 }),
        features as Tensor2D,
      );
      return linear(context, hidden, "last_layer");
    },
    addNodes(graph, features) {
      const hidden = stages.reduce(
        (x, { dense, norm }) => addDenseBlock(graph, x, { dense, norm }),
        features,
      );
      return addLinear(graph, hidden, "last_layer");
    },
  };
}
