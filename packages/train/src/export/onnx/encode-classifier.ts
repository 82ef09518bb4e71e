import { encodeOnnx, makeModel, makeNode } from "@callsign/onnx/internal";
import type { Architecture } from "../../models/architecture.ts";
import type { Weights } from "../../weights/parameters.ts";
import { GraphBuilder } from "./graph-builder.ts";

/** Names of an exported graph's only input and output. */
export const CLASSIFIER_INPUT = "embedding";
export const CLASSIFIER_OUTPUT = "score";

/**
 * The classifier as ONNX bytes: opset 17, float32 features `[batch, ...featureShape]` in, one score 0 to 1 a label out,
 * each by a sigmoid of its own. The same weights give the same bytes. openWakeWord loads those with `[16, 96]` features.
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
