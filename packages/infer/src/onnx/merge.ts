import { clone } from "@bufbuild/protobuf";
import { CallsignError } from "../errors.ts";
import type { OnnxModel } from "./decode.ts";
import { graphInputs, renameValues } from "./edit.ts";
import { makeGraph } from "./make.ts";
import { type GraphProto, GraphProtoSchema, ModelProtoSchema } from "./onnx_pb.ts";

interface MergeOptions {
  /** Which input of the second graph reads which value of the first: `{ secondInput: "firstOutput" }`. */
  readonly connect: Readonly<Record<string, string>>;
  /** Put before every other name of the second graph, so that the two cannot collide. */
  readonly prefix: string;
}

/**
 * One model that runs the first graph and then the second on its results. Inputs: the first's, then the second's
 * unconnected ones. Outputs: the first's that nothing is connected to, then the second's. Header and metadata are the
 * first's; neither model is changed.
 * @throws CallsignError `INVALID_ARGUMENT` for operator sets that differ, an unknown connection, or colliding names
 */
export function mergeModels(first: OnnxModel, second: OnnxModel, options: MergeOptions): OnnxModel {
  const [versions, others] = [operatorSets(first), operatorSets(second)];
  for (const [domain, version] of others) {
    if ((versions.get(domain) ?? version) !== version) {
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `cannot merge models: operator set '${domain || "ai.onnx"}' is ${versions.get(domain)} in one and ${version} in the other; convert one of them first`,
      );
    }
  }
  const merged = clone(ModelProtoSchema, first);
  merged.opsetImport.push(...second.opsetImport.filter(({ domain }) => !versions.has(domain)));
  merged.functions.push(...second.functions);
  if (second.irVersion! > merged.irVersion!) merged.irVersion = second.irVersion;
  return Object.assign(merged, { graph: mergeGraphs(first.graph, second.graph, options) });
}

function mergeGraphs(first: GraphProto, original: GraphProto, options: MergeOptions): GraphProto {
  const { connect, prefix } = options;
  const second = clone(GraphProtoSchema, original);
  checkConnections(first, second, connect);
  for (const node of second.node) node.name = prefix + node.name;
  const connections = new Map(Object.entries(connect));
  const connected = new Set(connections.values());
  renameValues(second, (name) => connections.get(name) ?? prefix + name);
  checkNames(first, second, connected);
  const merged = makeGraph(first.name, {
    inputs: [...first.input, ...second.input.filter((input) => !connected.has(input.name))],
    outputs: [...first.output.filter((output) => !connected.has(output.name)), ...second.output],
    nodes: [...first.node, ...second.node],
    initializers: [...first.initializer, ...second.initializer],
  });
  merged.sparseInitializer = [...first.sparseInitializer, ...second.sparseInitializer];
  merged.valueInfo = [...first.valueInfo, ...second.valueInfo];
  return clone(GraphProtoSchema, merged);
}

function checkConnections(
  first: GraphProto,
  second: GraphProto,
  connect: Readonly<Record<string, string>>,
): void {
  const inputs = graphInputs(second).map((input) => input.name);
  const values = definedNames(first);
  for (const [input, value] of Object.entries(connect)) {
    if (!inputs.includes(input)) {
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `cannot connect input '${input}': the second graph has ${inputs.join(", ")}`,
      );
    }
    if (!values.has(value)) {
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `cannot connect '${input}' to '${value}': the first graph has no such value`,
      );
    }
  }
}

function checkNames(first: GraphProto, second: GraphProto, shared: ReadonlySet<string>): void {
  const taken = definedNames(first);
  for (const name of definedNames(second)) {
    if (taken.has(name) && !shared.has(name)) {
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `cannot merge graphs: both define '${name}'; choose another prefix`,
      );
    }
  }
}

/** Every value a graph defines: its inputs, initializers and node outputs. */
const definedNames = (graph: GraphProto): Set<string> =>
  new Set(
    [
      ...graph.input.map(({ name }) => name),
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap((node) => node.output),
    ].filter((name) => name !== ""),
  );

/** Domain to version; the default domain is written "" or "ai.onnx". */
const operatorSets = (model: OnnxModel): Map<string, bigint> =>
  new Map(
    model.opsetImport.map(({ domain, version }) => [domain === "ai.onnx" ? "" : domain, version ?? 0n]),
  );
