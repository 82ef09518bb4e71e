import { describe, expect, it } from "vitest";
import {
  decodeOnnx,
  encodeOnnx,
  findConsumers,
  findInitializer,
  findProducer,
  graphInputs,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
  removeUnusedInitializers,
  renameValues,
  replaceNode,
  setInitializer,
  setValueDims,
  tensorFloats,
  tensorInt64s,
  valueDims,
} from "@callsign/onnx/internal";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { goldenModel } from "../golden-model.ts";

/** y = x + bias, on vectors of any length. */
const adder = (bias: number) =>
  makeModel(
    makeGraph("adder", {
      inputs: [makeValueInfo("x", { dims: ["n"] })],
      outputs: [makeValueInfo("y", { dims: ["n"] })],
      nodes: [makeNode("Add", { inputs: ["x", "bias"], outputs: ["y"] })],
      initializers: [makeFloatTensor("bias", { values: [bias], dims: [1] })],
    }),
  );

async function run(model: ReturnType<typeof adder>, x: readonly number[]) {
  const session = await InferenceSession.create(encodeOnnx(model));
  const outputs = await session.run({ x: new Tensor("float32", Float32Array.from(x), [x.length]) });
  await session.release();
  return outputs;
}

describe("tensors", () => {
  it("come back as they went in, at any alignment", () => {
    const bytes = encodeOnnx(adder(Math.fround(0.1)));
    for (let shift = 0; shift < 4; shift++) {
      const shifted = new Uint8Array(bytes.length + shift);
      shifted.set(bytes, shift);
      const { graph } = decodeOnnx(shifted.subarray(shift));
      expect(tensorFloats(findInitializer(graph, "bias")!)).toEqual(Float32Array.of(0.1));
    }
    expect(tensorInt64s(makeInt64Tensor("i", { values: [-1, 2n ** 53n + 1n] }))).toEqual([
      -1n,
      2n ** 53n + 1n,
    ]);
  });

  it("refuse dims that disagree with the values, and other types", () => {
    expect(() => makeFloatTensor("t", { values: [1, 2], dims: [3] })).toThrow(
      /'t': dims \[3\] need 3 values, got 2/,
    );
    expect(() => tensorInt64s(makeFloatTensor("t", { values: [1], dims: [1] }))).toThrow(
      /expected data type INT64/,
    );
  });
});

describe("editing a graph", () => {
  it("finds producers, consumers, initializers and the inputs to feed", () => {
    const { graph } = decodeOnnx(goldenModel());
    expect(findProducer(graph, "act")?.opType).toBe("LeakyRelu");
    expect(findProducer(graph, "in")).toBeUndefined();
    expect(findConsumers(graph, "mm").map((node) => node.opType)).toEqual(["LeakyRelu"]);
    graph.input.push(makeValueInfo("w", { dims: [2, 3] }));
    expect(graphInputs(graph).map((input) => input.name)).toEqual(["in", "flag"]);
  });

  it("replaces nodes, initializers and shapes, and drops what nothing reads", async () => {
    const model = adder(1);
    const { graph } = model;
    replaceNode(graph, graph.node[0]!, [
      makeNode("Mul", { inputs: ["x", "factor"], outputs: ["scaled"] }),
      makeNode("Neg", { inputs: ["scaled"], outputs: ["y"] }),
    ]);
    setInitializer(graph, makeFloatTensor("factor", { values: [2], dims: [1] }));
    setInitializer(graph, makeFloatTensor("factor", { values: [3], dims: [1] }));
    removeUnusedInitializers(graph);
    setValueDims(graph.output[0]!, [2]);
    expect(graph.initializer.map((tensor) => tensor.name)).toEqual(["factor"]);
    expect(valueDims(decodeOnnx(encodeOnnx(model)).graph.output[0]!)).toEqual([2]);
    expect((await run(model, [1, -2])).y!.data).toEqual(Float32Array.of(-3, 6));
    expect(() => replaceNode(graph, makeNode("Add", { inputs: [], outputs: ["q"] }), [])).toThrow(
      /'q' \(Add\) is not/,
    );
  });

  it("keeps initializers that only a subgraph reads", () => {
    const { graph } = decodeOnnx(goldenModel());
    graph.node[3]!.attribute[0]!.g!.node[0]!.input = ["half"];
    removeUnusedInitializers(graph);
    expect(graph.initializer.map((tensor) => tensor.name)).toEqual(["w", "half"]);
  });

  it("renames everywhere, subgraphs included, and leaves omitted inputs omitted", () => {
    const { graph } = decodeOnnx(goldenModel());
    graph.node[0]!.input.push("");
    renameValues(graph, (name) => `p/${name}`);
    expect(graph.node[0]!.input).toEqual(["p/in", "p/w", ""]);
    expect(graph.node[3]!.attribute[0]!.g!.output[0]!.name).toBe("p/y");
    expect(graph.initializer[0]!.name).toBe("p/w");
  });
});
