import type { GraphBuilder } from "../../export/onnx/graph-builder.ts";
import { LAYER_NORM_EPSILON } from "../architecture.ts";

/** A linear layer on `[rows, inputs]`, named as in the checkpoint; returns the value's name. */
export const addLinear = (graph: GraphBuilder, input: string, name: string): string =>
  graph.add("Gemm", [input, graph.parameter(`${name}.weight`), graph.parameter(`${name}.bias`)], {
    transB: 1n,
  });

/** Layer normalisation over the last axis. */
export const addLayerNorm = (graph: GraphBuilder, input: string, name: string): string =>
  graph.add(
    "LayerNormalization",
    [input, graph.parameter(`${name}.weight`), graph.parameter(`${name}.bias`)],
    {
      axis: -1n,
      epsilon: LAYER_NORM_EPSILON,
    },
  );

/** Linear, LayerNorm, ReLU on `[rows, inputs]`. */
export const addDenseBlock = (
  graph: GraphBuilder,
  input: string,
  { dense, norm }: { readonly dense: string; readonly norm: string },
): string => graph.add("Relu", [addLayerNorm(graph, addLinear(graph, input, dense), norm)]);
