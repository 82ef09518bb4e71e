import {
  backend_util,
  type KernelConfig,
  registerKernel,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { ARRANGEMENTS, fill, reshape } from "./arrangements.ts";
import type { Graph, Kernel } from "./kernel.ts";
import type { LazyBackend } from "./lazy-backend.ts";
import { calculated, type LazyValue } from "./lazy-value.ts";
import { PRODUCTS } from "./products.ts";

/** Registers the ONNX form of every TensorFlow.js operation that training uses. */
export function registerKernels(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(KERNELS))
    registerKernel({ kernelName, backendName, kernelFunc: adapt(kernel) });
}

/** Wraps a kernel in the form that TensorFlow.js calls. */
const adapt =
  (kernel: Kernel): KernelConfig["kernelFunc"] =>
  ({ inputs, attrs, backend }) => {
    const lazy = backend as LazyBackend;
    const graph: Graph = (type, values, options) => lazy.note(calculated(type, values, options));
    const values = Object.values(inputs).flatMap((input) => (input ? [lazy.heldBy(input.dataId)] : []));
    const result = kernel(graph, values, attrs ?? {});
    return Array.isArray(result)
      ? result.map((value) => toInfo(lazy, value as LazyValue))
      : toInfo(lazy, result as LazyValue);
  };

const toInfo = (lazy: LazyBackend, value: LazyValue): TensorInfo => ({
  dataId: lazy.hold(value),
  shape: [...value.shape],
  dtype: "float32",
});

/** Slope of a step: 1 from the smallest normal float32 times 1e8 on. */
const STEEP = 1e30;

const unary =
  (type: string): Kernel =>
  (graph, [x]) =>
    graph(type, [x!], { shape: x!.shape });

const binary =
  (type: string): Kernel =>
  (graph, [a, b]) =>
    graph(type, [a!, b!], {
      shape: backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]),
    });

/** ReduceSum takes its axes as an input, the others as an attribute. */
const reduction =
  (type: string): Kernel =>
  (graph, [x], { axis, keepDims }) => {
    const axes = util.parseAxisParam(axis as number | number[], [...x!.shape]);
    const kept = x!.shape.map((size, i) => (axes.includes(i) ? 1 : size));
    const shape = keepDims === true ? kept : x!.shape.filter((_, i) => !axes.includes(i));
    const keepdims = keepDims === true ? 1n : 0n;
    if (type === "ReduceSum" && x!.shape.length === 2 && axes.join() === "0")
      return sumOfRows(graph, x!, shape);
    return type === "ReduceSum"
      ? graph(type, [x!], { shape, integers: [axes], attributes: { keepdims } })
      : graph(type, [x!], { shape, attributes: { keepdims, axes: axes.map(BigInt) } });
  };

/** Sums over rows as a product with ones: onnxruntime's ReduceSum over the first axis takes about eight times as long. */
function sumOfRows(graph: Graph, x: LazyValue, shape: readonly number[]): LazyValue {
  const [rows = 0, columns = 0] = x.shape;
  const ones = fill(graph, [1, rows], 1);
  return reshape(graph, graph("Gemm", [ones, x], { shape: [1, columns] }), shape);
}

const KERNELS: Readonly<Record<string, Kernel>> = {
  ...ARRANGEMENTS,
  ...PRODUCTS,
  Abs: unary("Abs"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Neg: unary("Neg"),
  Relu: unary("Relu"),
  Sigmoid: unary("Sigmoid"),
  Sign: unary("Sign"),
  Sqrt: unary("Sqrt"),
  Tanh: unary("Tanh"),
  Square: (graph, [x]) => graph("Mul", [x!, x!], { shape: x!.shape }),
  Rsqrt: (graph, [x]) => graph("Reciprocal", [graph("Sqrt", [x!], { shape: x!.shape })], { shape: x!.shape }),
  Softmax: (graph, [x]) => graph("Softmax", [x!], { shape: x!.shape, attributes: { axis: -1n } }),
  // alpha for x <= 0, else 1: the derivative of relu and abs.
  Step: (graph, [x], { alpha }) => {
    const { shape } = x!;
    // min(1, max(0, STEEP x)), which takes half as long as Sign of Relu.
    const attributes = { alpha: STEEP, beta: 0 };
    const above = graph("HardSigmoid", [x!], { shape, attributes });
    if (alpha === 0) return above;
    const scaled = graph("Mul", [above, fill(graph, [1], 1 - (alpha as number))], { shape });
    return graph("Add", [scaled, fill(graph, [1], alpha as number)], { shape });
  },
  Add: binary("Add"),
  Sub: binary("Sub"),
  Multiply: binary("Mul"),
  RealDiv: binary("Div"),
  Pow: binary("Pow"),
  Minimum: binary("Min"),
  Maximum: binary("Max"),
  Mean: reduction("ReduceMean"),
  Sum: reduction("ReduceSum"),
  Max: reduction("ReduceMax"),
};
