import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../../export/onnx/graph-builder.ts";
import type { ForwardContext } from "../architecture.ts";
import type { ParameterSpec } from "../../weights/parameters.ts";
import { addLayerNorm, layerNormParameters } from "./layer-norm.ts";

/** Convolution over time, LayerNorm and ReLU; the number of steps is kept. */
export interface ConvolutionBlock {
  /** Prefix of the convolution's parameter names. */
  readonly dense: string;
  readonly norm: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Kernel size in steps. */
const KERNEL = 3;

export const convolutionBlockParameters = ({
  dense,
  norm,
  inputs,
  outputs,
}: ConvolutionBlock): ParameterSpec[] => [
  ...convolutionParameters(dense, { inputs, outputs, kernel: KERNEL }),
  ...layerNormParameters(norm, outputs),
];

/**
 * Applies the block to x `[batch, steps, inputs]`; returns `[batch, steps, outputs]`. Computed as a dense block on
 * concatenated neighbouring steps, because wasm has no gradient of a convolution.
 */
export function convolutionBlock(
  { tf, denseBlock, parameter }: ForwardContext,
  x: Tensor3D,
  { dense, norm, inputs, outputs, first = false }: ConvolutionBlock & { readonly first?: boolean },
): Tensor3D {
  const [batch, steps] = x.shape;
  const padded = tf.pad(x, [
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
  const taps = Array.from({ length: KERNEL }, (_, tap) =>
    tf.slice(padded, [0, tap, 0], [batch, steps, inputs]),
  );
  const unfolded = tf.reshape(tf.concat(taps, 2), [batch * steps, KERNEL * inputs]);
  const weight = tf.reshape(tf.transpose(parameter(`${dense}.weight`), [0, 2, 1]), [
    outputs,
    KERNEL * inputs,
  ]);
  const rows = denseBlock(
    unfolded as Tensor2D,
    {
      weight: weight as Tensor2D,
      bias: parameter(`${dense}.bias`),
      gamma: parameter(`${norm}.weight`),
      beta: parameter(`${norm}.bias`),
    },
    { first },
  );
  return tf.reshape(rows, [batch, steps, outputs]);
}

/** Adds the block on `[batch, steps, inputs]` to a graph; returns the name of the output. */
export function addConvolutionBlock(
  graph: GraphBuilder,
  input: string,
  { dense, norm }: ConvolutionBlock,
): string {
  const channelsFirst = graph.add("Transpose", [input], { perm: [0n, 2n, 1n] });
  const product = graph.add(
    "Conv",
    [channelsFirst, graph.parameter(`${dense}.weight`), graph.parameter(`${dense}.bias`)],
    {
      kernel_shape: [BigInt(KERNEL)],
      pads: [1n, 1n],
    },
  );
  const stepsFirst = graph.add("Transpose", [product], { perm: [0n, 2n, 1n] });
  return graph.add("Relu", [addLayerNorm(graph, stepsFirst, norm)]);
}

/** Weight `[outputs, inputs, kernel]` and bias of a convolution over time, initialised as in `torch.nn.Conv1d`. */
function convolutionParameters(
  name: string,
  { inputs, outputs, kernel }: { readonly inputs: number; readonly outputs: number; readonly kernel: number },
): ParameterSpec[] {
  const initialisation = { kind: "uniform", bound: 1 / Math.sqrt(inputs * kernel) } as const;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs, kernel], initialisation, decays: true },
    { name: `${name}.bias`, shape: [outputs], initialisation, decays: false },
  ];
}
