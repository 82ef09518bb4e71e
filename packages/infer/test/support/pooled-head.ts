import {
  encodeOnnx,
  makeFloatTensor,
  makeGraph,
  makeModel,
  makeNode,
  makeValueInfo,
} from "@callsign/onnx/internal";

/** A head that averages over time, so that it runs with any number of embeddings. */
export function pooledHead(): Uint8Array {
  const values = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * 0.7) * 0.02);
  const graph = makeGraph("head", {
    inputs: [makeValueInfo("in", { dims: ["n", "steps", 96] })],
    outputs: [makeValueInfo("out", { dims: ["n", 1] })],
    nodes: [
      makeNode("ReduceMean", {
        inputs: ["in"],
        outputs: ["mean"],
        attributes: { axes: [1n], keepdims: 0n },
      }),
      makeNode("MatMul", { inputs: ["mean", "w"], outputs: ["logits"] }),
      makeNode("Sigmoid", { inputs: ["logits"], outputs: ["out"] }),
    ],
    initializers: [makeFloatTensor("w", { values, dims: [96, 1] })],
  });
  return encodeOnnx(makeModel(graph));
}
