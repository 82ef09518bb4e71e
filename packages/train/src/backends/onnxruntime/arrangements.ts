import { makeFloatTensor } from "@callsign/onnx/internal";
import { slice_util, util } from "@tensorflow/tfjs-core";
import type { Graph, Kernel } from "./kernel.ts";
import { given, type LazyValue } from "./lazy-value.ts";

/** Operations that rearrange values without changing them. */
export const ARRANGEMENTS: Readonly<Record<string, Kernel>> = {
  Identity: (_, [x]) => x!,
  // Everything is float32 here.
  Cast: (_, [x]) => x!,
  Reshape: (graph, [x], { shape }) =>
    reshape(graph, x!, util.inferFromImplicitShape(shape as number[], util.sizeFromShape([...x!.shape]))),
  ExpandDims: (graph, [x], { dim }) => {
    const at = (dim as number) < 0 ? x!.shape.length + 1 + (dim as number) : (dim as number);
    return reshape(graph, x!, x!.shape.toSpliced(at, 0, 1));
  },
  Transpose: (graph, [x], { perm }) => transpose(graph, x!, perm as number[]),
  Slice: (graph, [x], { begin, size }) => {
    const source = { shape: [...x!.shape] } as Parameters<typeof slice_util.parseSliceParams>[0];
    const [begins, sizes] = slice_util.parseSliceParams(source, begin as number[], size as number[]);
    return slice(graph, x!, { begins: begins!, sizes: sizes! });
  },
  SplitV: (graph, [x], { numOrSizeSplits, axis }) => {
    const at = util.parseAxisParam(axis as number, [...x!.shape])[0]!;
    const total = x!.shape[at]!;
    const given = numOrSizeSplits as number | number[];
    const sizes = typeof given === "number" ? Array<number>(given).fill(total / given) : given;
    let from = 0;
    return sizes.map((size) => {
      const begins = x!.shape.map((_, i) => (i === at ? from : 0));
      from += size;
      return slice(graph, x!, { begins, sizes: x!.shape.with(at, size) });
    });
  },
  Unpack: (graph, [x], { axis }) => {
    const at = util.parseAxisParam(axis as number, [...x!.shape])[0]!;
    return Array.from({ length: x!.shape[at]! }, (_, i) => {
      const begins = x!.shape.map((_, j) => (j === at ? i : 0));
      const part = slice(graph, x!, { begins, sizes: x!.shape.with(at, 1) });
      return reshape(graph, part, x!.shape.toSpliced(at, 1));
    });
  },
  Concat: (graph, parts, { axis }) => concatenate(graph, parts, axis as number),
  Pack: (graph, parts, { axis }) => {
    const at = (axis as number) < 0 ? parts[0]!.shape.length + 1 + (axis as number) : (axis as number);
    const thin = parts.map((part) => reshape(graph, part, part.shape.toSpliced(at, 0, 1)));
    return concatenate(graph, thin, at);
  },
  PadV2: (graph, [x], { paddings }) => {
    const pads = paddings as [number, number][];
    const shape = x!.shape.map((size, i) => size + pads[i]![0] + pads[i]![1]);
    const integers = [[...pads.map(([before]) => before), ...pads.map(([, after]) => after)]];
    return graph("Pad", [x!], { shape, integers });
  },
  ZerosLike: (graph, [x]) => fill(graph, x!.shape, 0),
  OnesLike: (graph, [x]) => fill(graph, x!.shape, 1),
  Fill: (graph, _, { shape, value }) => fill(graph, shape as number[], value as number),
};

/** Permutes the axes of x. */
export const transpose = (graph: Graph, x: LazyValue, perm: readonly number[]): LazyValue =>
  graph("Transpose", [x], {
    shape: perm.map((axis) => x.shape[axis]!),
    attributes: { perm: perm.map(BigInt) },
  });

/** x in another shape. */
export function reshape(graph: Graph, x: LazyValue, shape: readonly number[]): LazyValue {
  return x.data ? given(x.data, shape) : graph("Reshape", [x], { shape, integers: [shape] });
}

/** Array filled with one value. */
export const fill = (graph: Graph, shape: readonly number[], value: number): LazyValue =>
  graph("ConstantOfShape", [], {
    shape,
    integers: [shape],
    attributes: { value: makeFloatTensor(`value_${value}`, { values: [value], dims: [1] }) },
  });

const slice = (
  graph: Graph,
  x: LazyValue,
  { begins, sizes }: { readonly begins: readonly number[]; readonly sizes: readonly number[] },
): LazyValue =>
  graph("Slice", [x], { shape: sizes, integers: [begins, begins.map((begin, i) => begin + sizes[i]!)] });

function concatenate(graph: Graph, parts: readonly LazyValue[], axis: number): LazyValue {
  const { shape } = parts[0]!;
  const at = util.parseAxisParam(axis, [...shape])[0]!;
  const total = parts.reduce((sum, part) => sum + part.shape[at]!, 0);
  return graph("Concat", parts, { shape: shape.with(at, total), attributes: { axis: BigInt(at) } });
}
