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

/** Collects an architecture's nodes and the parameters and constants that they read. */
export class GraphBuilder {
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #weights: Weights;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers = new Map<string, TensorProto>();

  constructor(architecture: Parameterised, weights: Weights) {
    this.#shapes = new Map(architecture.parameters.map(({ name, shape }) => [name, shape]));
    this.#weights = weights;
  }

  /** Appends an operator; returns its output's name, or that of its first output of `outputs`. */
  add(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const [output] = this.addMany(opType, { inputs, outputs: 1, attributes });
    return output!;
  }

  /** Appends an operator with several outputs; returns their names. */
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

  /** A parameter as it is stored. */
  parameter(name: string): string {
    if (!this.#initializers.has(name)) {
      const { values, dims } = this.values(name);
      this.#initializers.set(name, makeFloatTensor(name, { values, dims }));
    }
    return name;
  }

  /** A parameter's content, for constants calculated from it. */
  values(name: string): { values: Float32Array; dims: readonly number[] } {
    const dims = this.#shapes.get(name);
    const values = this.#weights.get(name);
    if (dims === undefined || values === undefined)
      throw new CallsignError("INVALID_ARGUMENT", `graph: no parameter named ${JSON.stringify(name)}`);
    return { values, dims };
  }

  /** A constant of our own. */
  constant(
    name: string,
    content: { readonly values: Float32Array | readonly number[]; readonly dims: readonly number[] },
  ): string {
    this.#initializers.set(name, makeFloatTensor(name, content));
    return name;
  }

  /** A list of whole numbers: a shape, axes, bounds of a slice. */
  integers(values: readonly number[]): string {
    const name = `int64_${values.join("_")}`;
    this.#initializers.set(name, makeInt64Tensor(name, { values }));
    return name;
  }

  /** The finished graph; `batch` is its symbolic first dimension. */
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
