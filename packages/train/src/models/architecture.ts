import type { Tensor2D, Tensor } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { TensorFlow } from "../tensorflow.ts";

/**
 * How a parameter starts: uniform in (-bound, bound), one value everywhere, or as a mirrored matrix (see
 * `mirroredMatrix`), whose inputs come from a mirrored layer unless it is the first.
 */
export type Initialisation =
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "mirrored"; readonly first: boolean }
  | { readonly kind: "constant"; readonly value: number };

/** One trained array: its name and shape as PyTorch has them, so checkpoints read in both worlds. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialisation: Initialisation;
  /** Whether weight decay pulls on it: matrices yes, biases and norms no. */
  readonly decays: boolean;
}

/** The values of an architecture's parameters, by name, row-major. */
export type Weights = ReadonlyMap<string, Float32Array>;

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

/** Anything with parameters to learn. */
export interface Parameterised {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
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

/** LayerNorm's epsilon: PyTorch's default, with which the published model was trained. */
export const LAYER_NORM_EPSILON = 1e-5;

export const parameterLength = ({ shape }: ParameterSpec): number =>
  shape.reduce((product, n) => product * n, 1);

/** How many numbers an architecture learns. */
export const parameterCount = ({ parameters }: Pick<Parameterised, "parameters">): number =>
  parameters.reduce((sum, spec) => sum + parameterLength(spec), 0);
