import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../../export/onnx/graph-builder.ts";
import type { ForwardContext } from "../architecture.ts";
import { addLayerNorm } from "./layer-norm.ts";
import { addLinear } from "./linear.ts";

/** Names of a dense block's linear layer and LayerNorm. */
export interface DenseBlockNames {
  readonly dense: string;
  readonly norm: string;
}

/** Applies Linear, LayerNorm and ReLU to x `[rows, inputs]`. */
export const applyDenseBlock = (
  { denseBlock, parameter }: ForwardContext,
  x: Tensor2D,
  { dense, norm, first = false }: DenseBlockNames & { readonly first?: boolean },
): Tensor2D =>
  denseBlock(
    x,
    {
      weight: parameter(`${dense}.weight`) as Tensor2D,
      bias: parameter(`${dense}.bias`),
      gamma: parameter(`${norm}.weight`),
      beta: parameter(`${norm}.bias`),
    },
    { first },
  );

/** Adds Linear, LayerNorm and ReLU on `[rows, inputs]` to a graph; returns the name of the output. */
export const addDenseBlock = (graph: GraphBuilder, input: string, { dense, norm }: DenseBlockNames): string =>
  graph.add("Relu", [addLayerNorm(graph, addLinear(graph, input, dense), norm)]);
