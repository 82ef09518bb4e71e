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

/** What is needed to calculate some values: all of it, in an order in which it can be calculated. */
export interface Trace {
  /** Data read, in the order of its graph inputs `in0`, `in1`, ... */
  readonly inputs: readonly LazyValue[];
  /** Values to calculate, each after what it reads; the i-th is named `v` and i. */
  readonly values: readonly LazyValue[];
  /** Places in `values` of those wanted. */
  readonly wanted: readonly number[];
  /** Equal for traces that differ in their data alone: they share one graph. */
  readonly signature: string;
}

/** Follows the wanted values back to data. `pending` holds every uncalculated value, each after what it reads. */
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
      // A constant is known by its name.
      words.push(key, isConstant(value) ? value.name : String(value));
    names.set(value, `v${i}`);
    words.push(";");
  }
  const wanted = values.flatMap((value, i) => (isWanted(value) ? [i] : []));
  return { inputs, values, wanted, signature: `${words.join(" ")} ${wanted.join()}` };
}

/** The trace as an ONNX model of its inputs and wanted values. */
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
