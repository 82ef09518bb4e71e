import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { GraphBuilder } from "../../export/onnx/graph-builder.ts";
import type { ParameterSpec } from "../../weights/parameters.ts";
import type { ForwardContext } from "../architecture.ts";
import { linearProduct } from "./products.ts";

/**
 * Weight `[outputs, inputs]` and bias `[outputs]` of a linear layer, initialised as in `torch.nn.Linear` (Kaiming uniform
 * with a = sqrt(5), which is a bound of 1 / sqrt(inputs) for both).
 */
export function linearParameters(
  name: string,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
): ParameterSpec[] {
  const initialisation = { kind: "uniform", bound: 1 / Math.sqrt(inputs) } as const;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], initialisation, decays: true },
    { name: `${name}.bias`, shape: [outputs], initialisation, decays: false },
  ];
}

/** Linear layer with mirrored (looks-linear) initialisation (Balduzzi et al. 2017, arXiv 1702.08591); sizes must be even. */
export function mirroredParameters(
  name: string,
  { inputs, outputs, first }: { readonly inputs: number; readonly outputs: number; readonly first: boolean },
): ParameterSpec[] {
  const weight = { kind: "mirrored", first } as const;
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], initialisation: weight, decays: true },
    { name: `${name}.bias`, shape: [outputs], initialisation: { kind: "constant", value: 0 }, decays: false },
  ];
}

/** Applies a linear layer to x `[rows, inputs]`. */
export const linear = ({ tf, parameter }: ForwardContext, x: Tensor2D, name: string): Tensor2D =>
  linearProduct(tf, x, { weight: parameter(`${name}.weight`), bias: parameter(`${name}.bias`) });

/** Adds a linear layer on `[rows, inputs]` to a graph; returns the name of its output. */
export const addLinear = (graph: GraphBuilder, input: string, name: string): string =>
  graph.add("Gemm", [input, graph.parameter(`${name}.weight`), graph.parameter(`${name}.bias`)], {
    transB: 1n,
  });
