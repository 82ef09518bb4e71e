import { create } from "@bufbuild/protobuf";
import { CallsignError } from "@callsign/audio/internal";
import {
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorShapeProtoSchema,
  type ValueInfoProto,
} from "../file/onnx_pb.ts";
import { dimension } from "./make.ts";

/** Inputs of a graph that are not initializers, which older models (IR 3 and before) also list as inputs. */
export function graphInputs(graph: GraphProto): ValueInfoProto[] {
  const initialized = new Set(graph.initializer.map((tensor) => tensor.name));
  return graph.input.filter((input) => !initialized.has(input.name));
}

/** Initializer with the given name, if any. */
export const findInitializer = (graph: GraphProto, name: string): TensorProto | undefined =>
  graph.initializer.find((tensor) => tensor.name === name);

/** Replaces the initializer of the same name, or adds one. */
export function setInitializer(graph: GraphProto, tensor: TensorProto): void {
  const index = graph.initializer.findIndex((other) => other.name === tensor.name);
  if (index >= 0) graph.initializer[index] = tensor;
  else graph.initializer.push(tensor);
}

/** Removes initializers that are neither used by a node nor an output. */
export function removeUnusedInitializers(graph: GraphProto): void {
  const used = new Set(graph.output.map((output) => output.name));
  renameNodes(graph.node, (name) => {
    used.add(name);
    return name;
  });
  graph.initializer = graph.initializer.filter((tensor) => used.has(tensor.name));
}

/** Node that computes a value; undefined for inputs and initializers. */
export const findProducer = (graph: GraphProto, value: string): NodeProto | undefined =>
  graph.node.find((node) => node.output.includes(value));

/** Nodes that use a value, in graph order, not including those of subgraphs. */
export const findConsumers = (graph: GraphProto, value: string): NodeProto[] =>
  graph.node.filter((node) => node.input.includes(value));

/** Replaces a node by others in the same place. The order stays topological if they use no more than the inputs of the node. */
export function replaceNode(graph: GraphProto, node: NodeProto, replacements: readonly NodeProto[]): void {
  const index = graph.node.indexOf(node);
  if (index < 0)
    throw new CallsignError("INVALID_ARGUMENT", `node '${node.name}' (${node.opType}) is not in the graph`);
  graph.node.splice(index, 1, ...replacements);
}

/** Shape of a tensor value: numbers, symbolic names, and undefined for unknown dimensions. Undefined without a shape. */
export function valueDims(info: ValueInfoProto): (number | string | undefined)[] | undefined {
  const type = info.type?.value;
  if (type?.case !== "tensorType") return undefined;
  return type.value.shape?.dim.map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : value.value,
  );
}

/** Sets the shape of a tensor value; a string is a symbolic dimension. */
export function setValueDims(info: ValueInfoProto, dims: readonly (number | string)[]): void {
  const type = info.type?.value;
  if (type?.case !== "tensorType")
    throw new CallsignError("INVALID_ARGUMENT", `value '${info.name}' is not a tensor`);
  type.value.shape = create(TensorShapeProtoSchema, { dim: dims.map(dimension) });
}

/** Renames values in the whole graph, including subgraphs. @param rename maps an old name to the new one */
export function renameValues(graph: GraphProto, rename: (name: string) => string): void {
  for (const info of [...graph.input, ...graph.output, ...graph.valueInfo]) info.name = rename(info.name);
  for (const tensor of graph.initializer) tensor.name = rename(tensor.name);
  for (const { values } of graph.sparseInitializer) if (values) values.name = rename(values.name);
  for (const annotation of graph.quantizationAnnotation)
    annotation.tensorName = rename(annotation.tensorName);
  renameNodes(graph.node, rename);
}

function renameNodes(nodes: readonly NodeProto[], rename: (name: string) => string): void {
  // An empty name is an omitted input or output.
  const renameSome = (name: string): string => (name === "" ? name : rename(name));
  for (const node of nodes) {
    node.input = node.input.map(renameSome);
    node.output = node.output.map(renameSome);
    for (const graph of node.attribute.flatMap(subgraphs)) renameValues(graph, rename);
  }
}

const subgraphs = (attribute: AttributeProto): GraphProto[] =>
  attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs;
