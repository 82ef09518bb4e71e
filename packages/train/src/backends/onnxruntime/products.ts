import { backend_util } from "@tensorflow/tfjs-core";
import { transpose } from "./arrangements.ts";
import type { Graph, Kernel } from "./kernel.ts";
import type { LazyValue } from "./lazy-value.ts";

/** The matrix products. */
export const PRODUCTS: Readonly<Record<string, Kernel>> = {
  BatchMatMul: (graph, [a, b], attributes) => product(graph, [a!, b!], attributes),
  _FusedMatMul: (graph, [a, b, bias], { activation, ...attributes }) => {
    if (activation !== undefined && activation !== "linear")
      throw new RangeError(`fused matMul: no activation ${JSON.stringify(activation)} here`);
    return product(graph, [a!, b!, ...(bias ? [bias] : [])], attributes);
  },
};

interface ProductAttributes {
  readonly transposeA?: unknown;
  readonly transposeB?: unknown;
}

/** a b, or a b + bias, either transposed on demand: matrices by Gemm, whole batches of them by MatMul. */
function product(
  graph: Graph,
  [a, b, bias]: readonly LazyValue[],
  { transposeA, transposeB }: ProductAttributes,
): LazyValue {
  const [turnA, turnB] = [transposeA === true, transposeB === true];
  const [batchA, batchB] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
  const rows = a!.shape.at(turnA ? -1 : -2)!;
  const columns = b!.shape.at(turnB ? -2 : -1)!;
  const shape = [...backend_util.assertAndGetBroadcastShape(batchA, batchB), rows, columns];
  if (shape.length === 2)
    return graph("Gemm", [a!, b!, ...(bias ? [bias] : [])], {
      shape,
      attributes: { transA: turnA ? 1n : 0n, transB: turnB ? 1n : 0n },
    });
  const value = graph("MatMul", [turnA ? turn(graph, a!) : a!, turnB ? turn(graph, b!) : b!], { shape });
  return bias ? graph("Add", [value, bias], { shape }) : value;
}

/** Each matrix of a batch transposed. */
function turn(graph: Graph, x: LazyValue): LazyValue {
  const axes = x.shape.map((_, i) => i);
  return transpose(graph, x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}
