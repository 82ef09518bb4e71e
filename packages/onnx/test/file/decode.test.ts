import { equals } from "@bufbuild/protobuf";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  decodeOnnx,
  encodeOnnx,
  findInitializer,
  makeFloatTensor,
  makeGraph,
  makeModel,
  makeNode,
  makeValueInfo,
  ModelProtoSchema,
  tensorFloats,
  tensorInt64s,
  type TensorProto,
  valueDims,
} from "@callsign/onnx/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { goldenModel } from "../golden-model.ts";

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ name: "CallsignError", code, message: expect.stringMatching(message) as string });

/** A model with one initializer that a test has spoiled. */
function withTensor(changes: Partial<TensorProto>): Uint8Array {
  const tensor = Object.assign(makeFloatTensor("w", { values: [1, 2, 3, 4], dims: [2, 2] }), changes);
  return encodeOnnx(
    makeModel(makeGraph("g", { inputs: [], outputs: [], nodes: [], initializers: [tensor] })),
  );
}

describe("decodeOnnx", () => {
  it("reads what the Python package writes", () => {
    const { graph, irVersion, opsetImport, producerName, metadataProps } = decodeOnnx(goldenModel());
    expect([irVersion, opsetImport[0]!.version, producerName]).toEqual([8n, 17n, "onnx.helper"]);
    expect(metadataProps.map(({ key, value }) => [key, value])).toEqual([["floor", "window"]]);
    expect(graph.node.map((node) => node.opType)).toEqual(["MatMul", "LeakyRelu", "Softmax", "If"]);
    expect(graph.node[1]!.attribute[0]).toMatchObject({ name: "alpha", f: 0.25, type: 1 });
    expect(graph.node[2]!.attribute[0]).toMatchObject({ name: "axis", i: 0n, type: 2 });
    expect(graph.node[3]!.attribute[0]!.g!.node[0]!.opType).toBe("Identity");
    expect(tensorFloats(findInitializer(graph, "w")!)).toEqual(Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25));
    expect(tensorInt64s(findInitializer(graph, "shape")!)).toEqual([-1n, 9007199254740993n]);
    expect(graph.input.map(valueDims)).toEqual([["batch", 2], []]);
  });

  it("gives equal models back after writing", () => {
    const model = decodeOnnx(goldenModel());
    expect(decodeOnnx(encodeOnnx(model))).toEqual(model);
  });

  it.skipIf(!hasSharedData)("reads the reference files and writes them back equal", () => {
    for (const file of [
      "embedding_model",
      "melspectrogram",
      "openwakeword-alexa_v0.1",
      "livekit-hey_livekit",
    ]) {
      const model = decodeOnnx(new Uint8Array(readFileSync(sharedPath("reference", `${file}.onnx`))), {
        name: file,
      });
      expect(equals(ModelProtoSchema, decodeOnnx(encodeOnnx(model)), model)).toBe(true);
    }
  });

  it.each([
    ["nothing", new Uint8Array(0), /0 bytes without a graph/],
    ["text", new TextEncoder().encode("<html>Not found</html>"), /x\.onnx: not an ONNX model: byte/],
    [
      "a truncated file",
      goldenModel().subarray(0, 300),
      /byte 18 \(graph\): 457 bytes declared, 282 left; .*truncated/,
    ],
    [
      "a field of the wrong kind",
      Uint8Array.of(0x3d, 0, 0, 0, 0),
      /byte 1 \(graph\): wire type 5, expected 2/,
    ],
    ["a number without an end", new Uint8Array(20).fill(0xff), /longer than 10 bytes/],
    ["text that is not UTF-8", Uint8Array.of(0x12, 1, 0xff), /not an ONNX model/],
    ["a graph without a version", encodeOnnx(Object.assign(makeTiny(), { irVersion: 0n })), /ir_version 0/],
    [
      "a graph without operator sets",
      encodeOnnx(Object.assign(makeTiny(), { opsetImport: [] })),
      /0 operator sets/,
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeOnnx(bytes, { name: "x.onnx" })).toThrow(refusal("MODEL_INVALID", message));
  });

  it.each<[string, Partial<TensorProto>, RegExp]>([
    ["more dims than data", { dims: [2n, 3n] }, /'w': dims \[2, 3\] of FLOAT need 24 bytes, raw_data has 16/],
    ["dims beyond all memory", { dims: [2n ** 40n] }, /need 4398046511104 bytes, raw_data has 16/],
    ["dims beyond all numbers", { dims: [2n ** 62n, 2n ** 62n] }, /multiply beyond 2\^53/],
    ["negative dims", { dims: [-2n, -2n] }, /negative dimension -2/],
    ["no data", { rawData: new Uint8Array(0) }, /need 4 entries, float_data has 0/],
    ["data twice", { floatData: [1, 2, 3, 4] }, /both raw_data and float_data/],
    [
      "data of another type",
      { rawData: new Uint8Array(0), int64Data: [1n] },
      /FLOAT in int64_data, expected float_data/,
    ],
    ["an unknown type", { dataType: 99 }, /unknown data type 99/],
    ["data elsewhere", { dataLocation: 1 }, /another file/],
  ])("refuses a tensor with %s", (_, changes, message) => {
    expect(() => decodeOnnx(withTensor(changes))).toThrow(refusal("MODEL_INVALID", message));
  });

  it("finds a lying tensor inside a subgraph", () => {
    const model = decodeOnnx(goldenModel());
    model.graph.node[3]!.attribute[1]!.g!.initializer[0]!.dims = [3n];
    expect(() => decodeOnnx(encodeOnnx(model))).toThrow(refusal("MODEL_INVALID", /'x': dims \[3\]/));
  });

  it("accepts an empty tensor and a scalar", () => {
    for (const [dims, bytes] of [
      [[0n, 2n ** 62n], 0],
      [[], 4],
    ] as const) {
      expect(() => decodeOnnx(withTensor({ dims: [...dims], rawData: new Uint8Array(bytes) }))).not.toThrow();
    }
  });

  it("stops at nesting and counts that no model has", () => {
    let nested: Uint8Array = new Uint8Array(0);
    // Graph in attribute in node in graph: field 1, field 5, field 6, all of wire type 2.
    for (let i = 0; i < 60; i++) for (const tag of [0x32, 0x2a, 0x0a]) nested = field(tag, nested);
    expect(() => decodeOnnx(field(0x3a, nested))).toThrow(refusal("MODEL_INVALID", /nested deeper than 90/));
    const nodes = new Uint8Array(2_000_004).map((_, i) => (i % 2 === 0 ? 0x0a : 0));
    expect(() => decodeOnnx(field(0x3a, nodes))).toThrow(
      refusal("MODEL_INVALID", /more than 1000000 messages/),
    );
  });
});

function makeTiny() {
  return makeModel(
    makeGraph("tiny", {
      inputs: [makeValueInfo("x", { dims: [1] })],
      outputs: [makeValueInfo("y", { dims: [1] })],
      nodes: [makeNode("Identity", { inputs: ["x"], outputs: ["y"] })],
    }),
  );
}

/** A length-delimited field. */
function field(tag: number, body: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = body.length;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) length.push((rest & 0x7f) | 0x80);
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...length, rest), body]));
}
