import { createNodeSession } from "@callsign/infer/node/internal";
import {
  AttributeProto_AttributeType as AttributeType,
  decodeOnnx,
  encodeOnnx,
  makeFloatTensor,
  makeGraph,
  makeModel,
  makeNode,
  makeValueInfo,
  type NodeProto,
  type OnnxModel,
  TensorProto_DataType as Type,
} from "@callsign/onnx/internal";
import { describe, expect, it } from "vitest";
import { seedNoise } from "../../../src/voices/engines/seeded-noise.ts";

const SHAPE = [192, 100];

function model(node: NodeProto, { opset = 15 }: { opset?: number } = {}): OnnxModel {
  const graph = makeGraph("noise", {
    inputs: [
      makeValueInfo("x", { dims: ["a", "b"] }),
      makeValueInfo("seed", { dims: [1], type: Type.INT64 }),
    ],
    outputs: [makeValueInfo("y", { dims: ["c", "d"] })],
    nodes: [node],
  });
  return makeModel(graph, { opset });
}

async function sampler(
  node: NodeProto,
  options: { opset?: number } = {},
): Promise<(seed: number) => Promise<Float32Array>> {
  const seeded = model(node, options);
  expect(seedNoise(seeded, { seed: "seed", name: "noise.onnx" })).toBe(1);
  const session = await createNodeSession()(encodeOnnx(seeded), { name: "noise.onnx" });
  const x = { data: new Float32Array(SHAPE[0]! * SHAPE[1]!), dims: SHAPE };
  return async (seed) => {
    const { y } = await session.run({ x, seed: { data: BigInt64Array.of(BigInt(seed)), dims: [1] } });
    return y!.data as Float32Array;
  };
}

const mean = (values: Float32Array, of = (value: number): number => value): number =>
  values.reduce((sum, value) => sum + of(value), 0) / values.length;

describe("seedNoise", () => {
  const normal = makeNode("RandomNormalLike", {
    inputs: ["x"],
    outputs: ["y"],
    attributes: { mean: 2, scale: 3 },
  });

  it("fills the shape with independent normal numbers of the given mean and scale", async () => {
    const draw = await sampler(normal);
    const n = SHAPE[0]! * SHAPE[1]!;
    for (const seed of [0, 1, 12_345, 2 ** 31 - 1]) {
      const z = (await draw(seed)).map((value) => (value - 2) / 3);
      expect(z).toHaveLength(n);
      // Four standard errors of each moment of 19,200 normal numbers.
      expect(Math.abs(mean(z))).toBeLessThan(4 / Math.sqrt(n));
      expect(Math.abs(mean(z, (value) => value ** 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
      expect(Math.abs(mean(z, (value) => value ** 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
      for (const lag of [1, 2, SHAPE[1]!]) {
        const product = z.subarray(lag).map((value, i) => value * z[i]!);
        expect(Math.abs(mean(product))).toBeLessThan(4 / Math.sqrt(n));
      }
    }
  });

  it("depends on the seed alone, and neighbouring seeds are unlike", async () => {
    const draw = await sampler(normal);
    const other = await sampler(normal);
    const first = await draw(7);
    const second = await draw(8);
    expect(await draw(7)).toEqual(first);
    expect(await other(7)).toEqual(first);
    const product = first.map((value, i) => ((value - 2) * (second[i]! - 2)) / 9);
    expect(Math.abs(mean(product))).toBeLessThan(4 / Math.sqrt(first.length));
  });

  it("makes uniform numbers, also of a fixed shape and in opset 10", async () => {
    const attributes = { shape: [64n, 32n], low: -1, high: 3 };
    const draw = await sampler(makeNode("RandomUniform", { inputs: [], outputs: ["y"], attributes }), {
      opset: 10,
    });
    const u = await draw(5);
    expect(u).toHaveLength(2048);
    expect(u.every((value) => value >= -1 && value < 3)).toBe(true);
    expect(Math.abs(mean(u) - 1)).toBeLessThan((4 * 4) / Math.sqrt(12 * 2048));
    expect(await draw(6)).not.toEqual(u);
  });

  it("gives each node its own noise, those in subgraphs too", async () => {
    const branch = (value: string) =>
      makeGraph(value, {
        inputs: [],
        outputs: [makeValueInfo(value, { dims: ["a", "b"] })],
        nodes: [makeNode("RandomNormalLike", { inputs: ["x"], outputs: [value] })],
      });
    const choose = makeNode("If", { inputs: ["yes"], outputs: ["inner"] });
    for (const [name, graph] of [
      ["then_branch", branch("t")],
      ["else_branch", branch("e")],
    ] as const) {
      choose.attribute.push({
        ...makeNode("x", { inputs: [], outputs: [], attributes: { name: 1n } }).attribute[0]!,
        name,
        i: undefined,
        type: AttributeType.GRAPH,
        g: graph,
      });
    }
    const yes = makeNode("Greater", { inputs: ["one", "zero"], outputs: ["yes"] });
    const outer = makeNode("RandomNormalLike", { inputs: ["x"], outputs: ["outer"] });
    const built = model(makeNode("Sub", { inputs: ["inner", "outer"], outputs: ["y"] }));
    built.graph.node.unshift(yes, choose, outer);
    built.graph.initializer.push(
      makeFloatTensor("one", { values: [1], dims: [] }),
      makeFloatTensor("zero", { values: [0], dims: [] }),
    );
    const seeded = decodeOnnx(encodeOnnx(built));
    expect(seedNoise(seeded, { seed: "seed", name: "noise.onnx" })).toBe(3);
    const session = await createNodeSession()(encodeOnnx(seeded), { name: "noise.onnx" });
    const feeds = {
      x: { data: new Float32Array(4096), dims: [64, 64] },
      seed: { data: BigInt64Array.of(1n), dims: [1] },
    };
    const { y } = await session.run(feeds);
    // The difference of two independent ones has variance 2.
    expect(Math.abs(mean(y!.data as Float32Array, (value) => value ** 2) - 2)).toBeLessThan(
      4 * Math.sqrt(8 / 4096),
    );
    expect((await session.run(feeds)).y!.data).toEqual(y!.data);
  });

  it("leaves graphs without noise as they are", () => {
    const plain = model(makeNode("Relu", { inputs: ["x"], outputs: ["y"] }));
    const before = encodeOnnx(plain);
    expect(seedNoise(plain, { seed: "seed", name: "plain.onnx" })).toBe(0);
    expect(encodeOnnx(plain)).toEqual(before);
  });

  it.each([
    makeNode("Bernoulli", { inputs: ["x"], outputs: ["y"], name: "drop" }),
    makeNode("RandomNormalLike", { inputs: ["x"], outputs: ["y"], attributes: { dtype: 10n }, name: "drop" }),
    makeNode("RandomUniform", {
      inputs: [],
      outputs: ["y"],
      attributes: { shape: [1_000_000n, 1_000_000n] },
      name: "drop",
    }),
    makeNode("RandomUniform", { inputs: [], outputs: ["y"], attributes: { shape: [-1n, 4n] }, name: "drop" }),
  ])("refuses what it cannot seed", (node) => {
    expect(() => seedNoise(model(node), { seed: "seed", name: "noise.onnx" })).toThrow(
      expect.objectContaining({
        code: "MODEL_INVALID",
        message: expect.stringContaining(`noise.onnx: node 'drop' (${node.opType})`),
      }),
    );
  });
});
