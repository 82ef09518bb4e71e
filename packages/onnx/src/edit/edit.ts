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

/** The graph's inputs that a caller must feed: initializers may be listed as inputs too (IR 3 and older). */
export function graphInputs(graph: GraphProto): ValueInfoProto[] {
  const initialized = new Set(graph.initializer.map((tensor) => tensor.name));
  return graph.input.filter((input) => !initialized.has(input.name));
}

/** The initializer of that name, if there is one. */
export const findInitializer = (graph: GraphProto, name: string): TensorProto | undefined =>
  graph.initializer.find((tensor) => tensor.name === name);

/** Puts an initializer in place of the one of the same name, or adds it. */
export function setInitializer(graph: GraphProto, tensor: TensorProto): void {
  const index = graph.initializer.findIndex((other) => other.name === tensor.name);
  if (index >= 0) graph.initializer[index] = tensor;
  else graph.initializer.push(tensor);
}

/** Drops the initializers that no node reads and no output is. */
export function removeUnusedInitializers(graph: GraphProto): void {
  const used = new Set(graph.output.map((output) => output.name));
  renameNodes(graph.node, (name) => {
    used.add(name);
    return name;
  });
  graph.initializer = graph.initializer.filter((tensor) => used.has(tensor.name));
}

/** The node that computes a value; undefined for inputs and initializers. */
export const findProducer = (graph: GraphProto, value: string): NodeProto | undefined =>
  graph.node.find((node) => node.output.includes(value));

/** The nodes that read a value, in graph order; those inside subgraphs are not looked at. */
export const findConsumers = (graph: GraphProto, value: string): NodeProto[] =>
  graph.node.filter((node) => node.input.includes(value));

/** Puts nodes in the place of one, which keeps the topological order if they only need what it needed. */
export function replaceNode(graph: GraphProto, node: NodeProto, replacements: readonly NodeProto[]): void {
  const index = graph.node.indexOf(node);
  if (index < 0)
    throw new CallsignError("INVALID_ARGUMENT", `node '${node.name}' (${node.opType}) is not in the graph`);
  graph.node.splice(index, 1, ...replacements);
}

/** The shape of a tensor value: numbers, symbolic names, and undefined where nothing is said; undefined without a shape. */
export function valueDims(info: ValueInfoProto): (number | string | undefined)[] | undefined {
  const type = info.type?.value;
  if (type?.case !== "tensorType") return undefined;
  return type.value.shape?.dim.map(({ value }) =>
    value.case === "dimValue" ? Number(value.value) : value.value,
  );
}

/** Declares a tensor value's shape anew; a string is a symbolic dimension. */
export function setValueDims(info: ValueInfoProto, dims: readonly (number | string)[]): void {
  const type = info.type?.value;
  if (type?.case !== "tensorType")
    throw new CallsignError("INVALID_ARGUMENT", `value '${info.name}' is not a tensor`);
  type.value.shape = create(TensorShapeProtoSchema, { dim: dims.map(dimension) });
}

/** Renames values everywhere in the graph, subgraphs included. `rename` gives the new name, or the same one. */
export function renameValues(graph: GraphProto, rename: (name: string) => string): void {
  for (const info of [...graph.input, ...graph.output, ...graph.valueInfo]) info.name = rename(info.name);
  for (const tensor of graph.initializer) tensor.name = rename(tensor.name);
  for (const { values } of graph.sparseInitializer) if (values) values.name = rename(values.name);
  for (const annotation of graph.quantizationAnnotation)
    annotation.tensorName = rename(annotation.tensorName);
  renameNodes(graph.node, rename);
}

function renameNodes(nodes: readonly NodeProto[], rename: (name: string) => string): void {
  // An empty name is an omitted input or output, and stays one.
  const renameSome = (name: string): string => (name === "" ? name : rename(name));
  for (const node of nodes) {
    node.input = node.input.map(renameSome);
    node.output = node.output.map(renameSome);
    for (const graph of node.attribute.flatMap(subgraphs)) renameValues(graph, rename);
  }
}

const subgraphs = (attribute: AttributeProto): GraphProto[] =>
  attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs;
