import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import { addLayerNorm } from "./add-layers.ts";
import type { ForwardContext, ParameterSpec } from "./architecture.ts";
import { convolutionParameters, layerNormParameters } from "./linear-parameters.ts";

/** A convolution over time with its LayerNorm and ReLU; as many steps come out as go in. */
export interface ConvolutionBlock {
  /** Parameters' names begin so. */
  readonly dense: string;
  readonly norm: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** Steps that each output looks at: its own and one to either side. */
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
 * Applies the block to x `[batch, steps, inputs]`; gives `[batch, steps, outputs]`. Neighbouring steps are laid side by
 * side and the convolution is one dense block, because wasm has no gradient of a convolution.
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

/** The block in a graph, on a value `[batch, steps, inputs]`. */
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
