import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeEmbeddingTimeDynamic, readEmbeddingGraph } from "@callsign/infer/graphs/internal";
import { embeddingCount } from "@callsign/infer/internal";
import { decodeOnnx, encodeOnnx, makeNode, valueDims } from "@callsign/onnx/internal";
import { hasSharedData, sharedPath } from "../../../../test-support/shared-data.ts";
import { goldenModel } from "../../../onnx/test/golden-model.ts";
import { smallEmbedding, type Spoiled } from "../support/small-embedding.ts";

const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: "MODEL_SHAPE_MISMATCH",
    message: expect.stringMatching(message) as string,
  });

describe("makeEmbeddingTimeDynamic", () => {
  it("makes time dynamic and names its ends", () => {
    const { graph } = decodeOnnx(makeEmbeddingTimeDynamic(smallEmbedding()));
    expect(graph.input.map((input) => [input.name, valueDims(input)])).toEqual([
      ["logMel", ["batch", "frames", 32]],
    ]);
    expect(graph.output.map((out) => [out.name, valueDims(out)])).toEqual([
      ["embeddings", ["batch", "steps", 96]],
    ]);
    // The two fixed shapes are gone.
    expect(graph.initializer.filter((tensor) => tensor.name === "planes" || tensor.name === "flat")).toEqual(
      [],
    );
  });

  it("leaves no Max in the chain, and pools before it clamps", () => {
    const types = decodeOnnx(makeEmbeddingTimeDynamic(smallEmbedding())).graph.node.map(
      (node) => node.opType,
    );
    expect(types.slice(0, 11).join(" ")).toBe(
      "Reshape Conv LeakyRelu Conv Clip Conv LeakyRelu Conv Clip Conv LeakyRelu",
    );
    expect(types.slice(11, 15).join(" ")).toBe("MaxPool Conv Clip Conv");
    expect(types.includes("Max")).toBe(false);
  });

  it.each<[string, Spoiled, RegExp]>([
    [
      "another window",
      { input: ["b", 100, 32, 1] },
      /input 'input_1' of shape \[batch, 76, 32, 1\], got \[b, 100, 32, 1\]/,
    ],
    [
      "another dimension",
      { output: ["b", 1, 1, 64] },
      /output 'conv2d_19' of shape \[batch, 1, 1, 96\], got \[b, 1, 1, 64\]/,
    ],
    ["padding in time", { timePadding: true }, /unpadded in time, got padding in 'x1' \(Conv\)/],
    ["another reach", { lastKernel: 2 }, /seeing 76 frames every 8, got 68 every 8/],
    [
      "a branch",
      { extraNode: makeNode("Neg", { inputs: ["x1"], outputs: ["side"] }) },
      /without branches, got 2 readers of 'x1'/,
    ],
  ])("refuses an embedding with %s", (_, spoiled, message) => {
    expect(() => makeEmbeddingTimeDynamic(smallEmbedding(spoiled), { name: "e.onnx" })).toThrow(
      refusal(message),
    );
  });

  it("refuses another model, and one that mixes times, by name", () => {
    expect(() => makeEmbeddingTimeDynamic(goldenModel(), { name: "e.onnx" })).toThrow(
      refusal(/^e\.onnx: expected Google's speech embedding, with one input and one output, got 2 and 2/),
    );
    const mixed = decodeOnnx(smallEmbedding());
    mixed.graph.node[2]!.opType = "Softmax";
    expect(() => makeEmbeddingTimeDynamic(encodeOnnx(mixed))).toThrow(
      refusal(/convolutions and pools, got Softmax/),
    );
    const direct = decodeOnnx(smallEmbedding());
    direct.graph.node[0]!.opType = "Identity";
    expect(() => makeEmbeddingTimeDynamic(encodeOnnx(direct))).toThrow(
      refusal(/Reshape to \[-1, 1, 76, 32\], got Identity/),
    );
  });

  it("refuses bytes that are no model", () => {
    expect(() => makeEmbeddingTimeDynamic(new Uint8Array(9))).toThrow(
      expect.objectContaining({ code: "MODEL_INVALID" }),
    );
  });

  it.skipIf(!hasSharedData)("takes the published file apart", () => {
    const { chain, input, output } = readEmbeddingGraph(
      readFileSync(sharedPath("reference", "embedding_model.onnx")),
    );
    expect([input, output, chain.length]).toEqual(["input_1", "conv2d_19", 20 + 19 * 2 + 5]);
  });
});

describe("embeddingCount", () => {
  it("is one from 76 frames on, and one more for every 8", () => {
    expect([0, 75, 76, 83, 84, 6023].map(embeddingCount)).toEqual([0, 0, 1, 1, 2, 744]);
  });
});
