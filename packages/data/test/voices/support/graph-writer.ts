import {
  makeFloatTensor,
  makeInt64Tensor,
  makeNode,
  type NodeProto,
  type AttributeValue,
} from "@callsign/onnx/internal";

/** Collects the nodes of a small test graph; each call returns the name of the value it computes. */
export class GraphWriter {
  readonly nodes: NodeProto[] = [];

  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const output = options.output ?? `v${this.nodes.length}`;
    this.nodes.push(makeNode(opType, { inputs, outputs: [output], attributes: options.attributes ?? {} }));
    return output;
  }

  ints(...values: number[]): string {
    return this.node("Constant", [], { attributes: { value: makeInt64Tensor("", { values }) } });
  }

  int(value: number): string {
    return this.node("Constant", [], {
      attributes: { value: makeInt64Tensor("", { values: [value], dims: [] }) },
    });
  }

  float(value: number): string {
    return this.node("Constant", [], {
      attributes: { value: makeFloatTensor("", { values: [value], dims: [] }) },
    });
  }

  cast(value: string, to: number): string {
    return this.node("Cast", [value], { attributes: { to: BigInt(to) } });
  }

  /** 0, 1, ... one less than an int64 scalar. */
  range(count: string): string {
    return this.node("Range", [this.int(0), count, this.int(1)]);
  }

  size(value: string, axis: number): string {
    return this.node("Gather", [this.node("Shape", [value]), this.int(axis)]);
  }

  scalar(value: string): string {
    return this.node("Squeeze", [value, this.ints(0)]);
  }
}

interface NodeOptions {
  readonly output?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}
