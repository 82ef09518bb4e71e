import { CallsignError } from "@callsign/audio/internal";
import {
  type AttributeValue,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeNode,
  makeValueInfo,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "@callsign/onnx/internal";
import type { Parameterised, Weights } from "../../weights/parameters.ts";

/** Builder of an ONNX graph: collects nodes, and the parameters and constants they use. */
export class GraphBuilder {
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #weights: Weights;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  #prefix = "";

  constructor(architecture: Parameterised, weights: Weights) {
    this.#shapes = new Map(architecture.parameters.map(({ name, shape }) => [name, shape]));
    this.#weights = weights;
  }

  /** Appends an operator with one output; returns its name. */
  add(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const [output] = this.addMany(opType, { inputs, outputs: 1, attributes });
    return output!;
  }

  /** Appends an operator; returns the names of its outputs. */
  addMany(
    opType: string,
    node: {
      readonly inputs: readonly string[];
      readonly outputs: number;
      readonly attributes?: Readonly<Record<string, AttributeValue>>;
    },
  ): string[] {
    const name = `${opType}_${this.#nodes.length}`;
    const outputs = Array.from({ length: node.outputs }, (_, i) => (i === 0 ? name : `${name}_${i}`));
    this.#nodes.push(
      makeNode(opType, { inputs: node.inputs, outputs, attributes: node.attributes ?? {}, name }),
    );
    return outputs;
  }

  /** Calls `add`, in which the names of parameters and constants get this prefix. */
  within<T>(prefix: string, add: () => T): T {
    const outer = this.#prefix;
    this.#prefix = outer + prefix;
    try {
      return add();
    } finally {
      this.#prefix = outer;
    }
  }

  /** Adds a parameter as an initializer; returns its name. */
  parameter(name: string): string {
    const full = this.#prefix + name;
    if (!this.#initializers.has(full)) {
      const { values, dims } = this.values(name);
      this.#initializers.set(full, makeFloatTensor(full, { values, dims }));
    }
    return full;
  }

  /** Values of a parameter, for constants computed from it. */
  values(name: string): { values: Float32Array; dims: readonly number[] } {
    const full = this.#prefix + name;
    const dims = this.#shapes.get(full);
    const values = this.#weights.get(full);
    if (dims === undefined || values === undefined)
      throw new CallsignError("INVALID_ARGUMENT", `graph: no parameter named ${JSON.stringify(full)}`);
    return { values, dims };
  }

  /** Adds a float32 constant; returns its name. */
  constant(
    name: string,
    content: { readonly values: Float32Array | readonly number[]; readonly dims: readonly number[] },
  ): string {
    const full = this.#prefix + name;
    this.#initializers.set(full, makeFloatTensor(full, content));
    return full;
  }

  /** Adds an int64 constant, such as a shape or axes; returns its name. */
  integers(values: readonly number[]): string {
    const name = `int64_${values.join("_")}`;
    this.#initializers.set(name, makeInt64Tensor(name, { values }));
    return name;
  }

  /** Builds the graph; its first dimension is the symbolic `batch`. */
  build(
    name: string,
    ends: {
      readonly input: { readonly name: string; readonly dims: readonly number[] };
      readonly output: { readonly name: string; readonly dims: readonly number[] };
    },
  ): GraphProto {
    return makeGraph(name, {
      inputs: [makeValueInfo(ends.input.name, { dims: ["batch", ...ends.input.dims] })],
      outputs: [makeValueInfo(ends.output.name, { dims: ["batch", ...ends.output.dims] })],
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
    });
  }
}
