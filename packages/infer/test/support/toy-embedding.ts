import {
  encodeOnnx,
  makeFloatTensor,
  makeGraph,
  makeInt64Tensor,
  makeModel,
  makeNode,
  makeValueInfo,
} from "@callsign/onnx/internal";

/**
 * A graph with the outer form of Google's speech embedding, `[b, 76, 32, 1]` to `[b, 1, 1, 96]`, from two convolutions
 * with made-up weights: for tests that need an embedding where the real one is not at hand.
 */
export function toyEmbedding(): Uint8Array {
  // 4 frames every 8, then 10 of those: 4 + 9 * 8 = 76 frames, stride 8.
  const first = weights([8, 1, 4, 32], 0.05);
  const second = weights([96, 8, 10, 1], 0.1);
  const graph = makeGraph("toy-embedding", {
    inputs: [makeValueInfo("input_1", { dims: ["b", 76, 32, 1] })],
    outputs: [makeValueInfo("conv2d_19", { dims: ["b", 1, 1, 96] })],
    nodes: [
      makeNode("Reshape", { inputs: ["input_1", "planes"], outputs: ["a"] }),
      makeNode("Conv", {
        inputs: ["a", "w1"],
        outputs: ["b"],
        attributes: { strides: [8n, 1n], kernel_shape: [4n, 32n] },
      }),
      makeNode("Relu", { inputs: ["b"], outputs: ["c"] }),
      makeNode("Conv", { inputs: ["c", "w2"], outputs: ["d"], attributes: { kernel_shape: [10n, 1n] } }),
      makeNode("Reshape", { inputs: ["d", "row"], outputs: ["conv2d_19"] }),
    ],
    initializers: [
      makeInt64Tensor("planes", { values: [-1, 1, 76, 32] }),
      makeInt64Tensor("row", { values: [-1, 1, 1, 96] }),
      makeFloatTensor("w1", first),
      makeFloatTensor("w2", second),
    ],
  });
  return encodeOnnx(makeModel(graph));
}

function weights(dims: readonly number[], scale: number): { values: Float32Array; dims: readonly number[] } {
  const length = dims.reduce((product, size) => product * size, 1);
  return { values: Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * scale), dims };
}
