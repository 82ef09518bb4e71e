import { encodeOnnx, makeModel, makeNode } from "@callsign/onnx/internal";
import type { Architecture } from "../../models/architecture.ts";
import type { Weights } from "../../weights/parameters.ts";
import { GraphBuilder } from "./graph-builder.ts";

/** Names of an exported graph's only input and output. */
export const CLASSIFIER_INPUT = "embedding";
export const CLASSIFIER_OUTPUT = "score";

/**
 * Encodes a classifier as ONNX, opset 17: float32 features `[batch, ...featureShape]` to a sigmoid score per label,
 * `[batch, labels]`. Deterministic. openWakeWord can load those with `[16, 96]` features.
 */
export function encodeClassifier(
  architecture: Architecture,
  weights: Weights,
  { version }: { version: string },
): Uint8Array {
  const builder = new GraphBuilder(architecture, weights);
  const logits = architecture.addNodes(builder, CLASSIFIER_INPUT);
  const graph = builder.build(architecture.name, {
    input: { name: CLASSIFIER_INPUT, dims: architecture.featureShape },
    output: { name: CLASSIFIER_OUTPUT, dims: [architecture.labels] },
  });
  graph.node.push(makeNode("Sigmoid", { inputs: [logits], outputs: [CLASSIFIER_OUTPUT] }));
  return encodeOnnx(makeModel(graph, { producerVersion: version }));
}
