import {
  type AttributeValue,
  encodeOnnx,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
  type NodeProto,
  type TensorProto,
} from "@callsign/onnx/internal";
import type { LazyValue } from "./lazy-value.ts";

/** Computation graph of some values, in topological order. */
export interface Trace {
  /** Data in the order of the graph inputs `in0`, `in1`, ... */
  readonly inputs: readonly LazyValue[];
  /** Values to compute, each after its inputs; the i-th is named `v${i}`. */
  readonly values: readonly LazyValue[];
  /** Indices in `values` of the requested values. */
  readonly wanted: readonly number[];
  /** Equal for traces that differ only in their data, so that they share one session. */
  readonly signature: string;
}

/** Traces the requested values back to data. `pending` holds every value not computed yet, in topological order. */
export function trace(pending: readonly LazyValue[], isWanted: (value: LazyValue) => boolean): Trace {
  const needed = new Set<LazyValue>();
  for (const value of pending.toReversed()) {
    if (!needed.has(value) && !isWanted(value)) continue;
    needed.add(value);
    for (const input of value.source!.inputs) if (input.source) needed.add(input);
  }
  const values = pending.filter((value) => needed.has(value));
  const names = new Map<LazyValue, string>();
  const inputs: LazyValue[] = [];
  const words: string[] = [];
  for (const [i, value] of values.entries()) {
    const { type, inputs: read, integers, attributes } = value.source!;
    words.push(type);
    for (const input of read) {
      let name = names.get(input);
      if (name === undefined) {
        name = `in${inputs.length}`;
        names.set(input, name);
        inputs.push(input);
        words.push(`[${input.shape.join()}]`);
      }
      words.push(name);
    }
    for (const list of integers) words.push(`(${list.join()})`);
    for (const [key, value] of Object.entries(attributes))
      // A constant is identified by its name.
      words.push(key, isConstant(value) ? value.name : String(value));
    names.set(value, `v${i}`);
    words.push(";");
  }
  const wanted = values.flatMap((value, i) => (isWanted(value) ? [i] : []));
  return { inputs, values, wanted, signature: `${words.join(" ")} ${wanted.join()}` };
}

/** Encodes a trace as an ONNX model from its inputs to the requested values. */
export function encodeTrace({ inputs, values, wanted }: Trace): Uint8Array {
  const names = new Map(inputs.map((value, i) => [value, `in${i}`]));
  const lists = new Map<string, TensorProto>();
  const listName = (list: readonly number[]): string => {
    const name = `int64_${list.join("_")}`;
    if (!lists.has(name)) lists.set(name, makeInt64Tensor(name, { values: list }));
    return name;
  };
  const nodes = values.map((value, i): NodeProto => {
    const { type, inputs: read, integers, attributes } = value.source!;
    names.set(value, `v${i}`);
    return makeNode(type, {
      inputs: [...read.map((input) => names.get(input)!), ...integers.map(listName)],
      outputs: [`v${i}`],
      attributes,
    });
  });
  const graph = makeGraph("trace", {
    inputs: inputs.map((value, i) => makeValueInfo(`in${i}`, { dims: value.shape })),
    outputs: wanted.map((i) => makeValueInfo(`v${i}`, { dims: values[i]!.shape })),
    nodes,
    initializers: [...lists.values()],
  });
  return encodeOnnx(makeModel(graph));
}

const isConstant = (value: AttributeValue): value is TensorProto =>
  typeof value === "object" && !Array.isArray(value);
