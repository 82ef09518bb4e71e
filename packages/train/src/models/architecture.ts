import type { Tensor2D, Tensor } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../export/onnx/graph-builder.ts";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import type { Parameterised, ParameterSpec } from "../weights/parameters.ts";

/** Operations and parameters passed to `forward`. */
export interface ForwardContext {
  readonly tf: TensorFlow;
  /** Linear, LayerNorm and ReLU. Replaceable, because it takes nearly all the time. */
  readonly denseBlock: DenseBlock;
  /** Parameter by name, in the shape of its spec. */
  readonly parameter: (name: string) => Tensor;
}

/**
 * relu(layerNorm(x weight^T + bias)) for x `[rows, inputs]`, weight `[outputs, inputs]`; returns `[rows, outputs]`.
 * With `first` the gradient of x is not computed, because no parameter comes before it.
 */
export type DenseBlock = (
  x: Tensor2D,
  parameters: DenseBlockParameters,
  options?: { readonly first?: boolean },
) => Tensor2D;

export interface DenseBlockParameters {
  readonly weight: Tensor2D;
  readonly bias: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
}

/**
 * Architecture of a classifier: its parameters, and its computation in two forms, `forward` in TensorFlow.js for training
 * and `addNodes` in ONNX for inference. A parity test compares them.
 */
export interface Architecture extends Parameterised {
  readonly name: "mlp" | "conv-attention" | "crnn" | "dnn";
  /** Shape of one example: `[96]` for one embedding, `[16, 96]` for a sequence. */
  readonly featureShape: readonly number[];
  readonly labels: number;
  /** In order; the last two are the output layer, weight `[labels, width]` and bias `[labels]`, in each member. */
  readonly parameters: readonly ParameterSpec[];
  /** Number of networks whose logits `forward` averages; their parameters follow one another. Default 1. */
  readonly members?: number;
  /** Logits of each member; training minimizes the mean of their losses. */
  forwardMembers?(context: ForwardContext, features: Tensor): Tensor2D[];
  /** Logits `[batch, labels]` of features `[batch, ...featureShape]`. */
  forward(context: ForwardContext, features: Tensor): Tensor2D;
  /** Adds the calculation on the value `features`; returns the name of the logits `[batch, labels]`. */
  addNodes(graph: GraphBuilder, features: string): string;
}
