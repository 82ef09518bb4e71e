import { CallsignError } from "@callsign/audio/internal";
import { makeInt64Tensor, makeNode, type NodeProto, type TensorProto } from "@callsign/onnx/internal";
import type { GraphPart } from "../frontend/streaming/stream-state.ts";

/**
 * Converts the nodes of Callsign's graphs from operator set 17 to another one, 13 to 22, so that they can be combined with a
 * head of that set: all nodes of a file share one operator set. @throws CallsignError `MODEL_INVALID`
 */
export function toOpset(
  part: GraphPart,
  options: { readonly opset: number; readonly name: string },
): GraphPart {
  const { opset, name } = options;
  if (!(opset >= 13 && opset <= 22))
    throw new CallsignError(
      "MODEL_INVALID",
      `${name}: expected ONNX operator set 13 to 22 for a single file, got ${opset}; convert the model`,
    );
  const initializers: TensorProto[] = [...part.initializers];
  const nodes = part.nodes.flatMap((node) => {
    if (node.opType === "Shape" && opset < 15) return shapeBefore15(node, initializers);
    if (node.opType === "ReduceMax" && opset >= 18) return [reduceSince18(node, initializers)];
    return [node];
  });
  return { nodes, initializers };
}

/** Before 15, Shape had no `start`: a Slice replaces it. */
function shapeBefore15(node: NodeProto, initializers: TensorProto[]): NodeProto[] {
  const start = node.attribute.find(({ name }) => name === "start")?.i;
  if (start === undefined) return [node];
  const [whole, from, to] = ["whole", "from", "to"].map((suffix) => `${node.output[0]}/${suffix}`);
  initializers.push(
    makeInt64Tensor(from!, { values: [start] }),
    makeInt64Tensor(to!, { values: [2 ** 31 - 1] }),
  );
  return [
    makeNode("Shape", { inputs: node.input, outputs: [whole!] }),
    makeNode("Slice", { inputs: [whole!, from!, to!], outputs: node.output, name: node.name }),
  ];
}

/** Since 18, the axes of ReduceMax are an input. */
function reduceSince18(node: NodeProto, initializers: TensorProto[]): NodeProto {
  const axes = node.attribute.find(({ name }) => name === "axes")?.ints ?? [];
  const keepdims = node.attribute.find(({ name }) => name === "keepdims")?.i ?? 1n;
  const value = `${node.output[0]}/axes`;
  initializers.push(makeInt64Tensor(value, { values: axes }));
  return makeNode("ReduceMax", {
    inputs: [node.input[0]!, value],
    outputs: node.output,
    attributes: { keepdims },
    name: node.name,
  });
}
