import type { Tensor2D, Tensor } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../export/onnx/graph-builder.ts";
import type { TensorFlow } from "../backends/import-tensorflow.ts";
import type { Parameterised, ParameterSpec } from "../weights/parameters.ts";

/** What `forward` calculates with. */
export interface ForwardContext {
  readonly tf: TensorFlow;
  /** Linear, LayerNorm, ReLU: where nearly all the time goes, so it is exchangeable. */
  readonly denseBlock: DenseBlock;
  /** A parameter of the architecture, shaped as in its spec. */
  readonly parameter: (name: string) => Tensor;
}

/**
 * relu(layerNorm(x weight^T + bias)) for x `[rows, inputs]`, weight `[outputs, inputs]`; gives `[rows, outputs]`.
 * `first` says that nothing trainable lies before it, so x's gradient need not be calculated.
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
 * A classifier as data and two descriptions of one calculation: `forward` in TensorFlow.js operations for training and
 * `addNodes` as an ONNX graph for serving. A parity test holds them together.
 */
export interface Architecture extends Parameterised {
  readonly name: "mlp" | "conv-attention" | "crnn" | "dnn";
  /** Shape of one example: `[96]` for one embedding, `[16, 96]` for a sequence. */
  readonly featureShape: readonly number[];
  readonly labels: number;
  readonly parameters: readonly ParameterSpec[];
  /** Logits `[batch, labels]` of features `[batch, ...featureShape]`. */
  forward(context: ForwardContext, features: Tensor): Tensor2D;
  /** Adds the calculation on the value `features`; returns the name of the logits `[batch, labels]`. */
  addNodes(graph: GraphBuilder, features: string): string;
}
