import type { Tensor } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../../export/onnx/graph-builder.ts";
import type { ParameterSpec } from "../../weights/parameters.ts";
import type { ForwardContext } from "../architecture.ts";

/** Epsilon of LayerNorm: PyTorch's default, with which the published model was trained. */
export const LAYER_NORM_EPSILON = 1e-5;

/** Gain (ones) and shift (zeros) of a layer normalisation over `width` values. */
export const layerNormParameters = (name: string, width: number): ParameterSpec[] => [
  { name: `${name}.weight`, shape: [width], initialisation: { kind: "constant", value: 1 }, decays: false },
  { name: `${name}.bias`, shape: [width], initialisation: { kind: "constant", value: 0 }, decays: false },
];

/** Applies layer normalisation over the last axis; any shape. */
export function layerNorm<Shaped extends Tensor>(
  { tf, parameter }: ForwardContext,
  x: Shaped,
  name: string,
): Shaped {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  // Not squaredDifference, whose gradient is wrong where it broadcasts.
  const variance = tf.mean(tf.square(centred), -1, true);
  const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, LAYER_NORM_EPSILON)));
  return tf.add(tf.mul(normalised, parameter(`${name}.weight`)), parameter(`${name}.bias`));
}

/** Adds layer normalisation over the last axis to a graph; returns the name of its output. */
export const addLayerNorm = (graph: GraphBuilder, input: string, name: string): string =>
  graph.add(
    "LayerNormalization",
    [input, graph.parameter(`${name}.weight`), graph.parameter(`${name}.bias`)],
    {
      axis: -1n,
      epsilon: LAYER_NORM_EPSILON,
    },
  );
