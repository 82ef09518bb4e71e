import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type StringStringEntryProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../file/onnx_pb.ts";
import type { OnnxModel } from "../file/decode.ts";

/** Value of an attribute. Its type, not its value, selects the ONNX type: bigint INT, number FLOAT, arrays INTS and FLOATS. */
export type AttributeValue = bigint | number | string | readonly bigint[] | readonly number[] | TensorProto;

/** Creates a node. An empty input name is an omitted input. @param options.domain default the ONNX domain */
export function makeNode(
  opType: string,
  options: {
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes?: Readonly<Record<string, AttributeValue>>;
    readonly name?: string;
    readonly domain?: string;
  },
): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    input: [...options.inputs],
    output: [...options.outputs],
    name: options.name ?? options.outputs[0] ?? "",
    domain: options.domain ?? "",
    attribute: Object.entries(options.attributes ?? {}).map(([name, value]) => makeAttribute(name, value)),
  });
}

/** Creates a graph input or output. @param options.dims shape; a string is a symbolic dimension. @param options.type default FLOAT */
export function makeValueInfo(
  name: string,
  options: { readonly dims: readonly (number | string)[]; readonly type?: TensorProto_DataType },
): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: options.type ?? TensorProto_DataType.FLOAT,
          shape: { dim: options.dims.map(dimension) },
        },
      },
    },
  });
}

/** Creates a graph of nodes in topological order. The given messages are not copied. */
export function makeGraph(
  name: string,
  parts: {
    readonly inputs: readonly ValueInfoProto[];
    readonly outputs: readonly ValueInfoProto[];
    readonly nodes: readonly NodeProto[];
    readonly initializers?: readonly TensorProto[];
  },
): GraphProto {
  return create(GraphProtoSchema, {
    name,
    input: [...parts.inputs],
    output: [...parts.outputs],
    node: [...parts.nodes],
    initializer: [...(parts.initializers ?? [])],
  });
}

/**
 * Wraps a graph as a model. The defaults, opset 17 and IR 8, are those of ONNX 1.12, the first with LayerNormalization.
 * @param options.metadata `metadata_props`, ignored by runtimes
 */
export function makeModel(
  graph: GraphProto,
  options: {
    readonly opset?: number;
    readonly irVersion?: number;
    readonly producerName?: string;
    readonly producerVersion?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): OnnxModel {
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(options.irVersion ?? 8),
    opsetImport: [{ domain: "", version: BigInt(options.opset ?? 17) }],
    producerName: options.producerName ?? "callsign",
    producerVersion: options.producerVersion ?? "",
    metadataProps: makeMetadata(options.metadata ?? {}),
  });
  return Object.assign(model, { graph });
}

/** Creates entries of `metadata_props`. */
export const makeMetadata = (entries: Readonly<Record<string, string>>): StringStringEntryProto[] =>
  Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));

/** Dimension of a shape message. */
export function dimension(size: number | string) {
  return typeof size === "string"
    ? { value: { case: "dimParam", value: size } as const }
    : { value: { case: "dimValue", value: BigInt(size) } as const };
}

function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  const attribute = create(AttributeProtoSchema, { name });
  if (typeof value === "bigint") return Object.assign(attribute, { type: AttributeType.INT, i: value });
  if (typeof value === "number") return Object.assign(attribute, { type: AttributeType.FLOAT, f: value });
  if (typeof value === "string") {
    return Object.assign(attribute, { type: AttributeType.STRING, s: asciiBytes(value) });
  }
  if (!isArray(value)) return Object.assign(attribute, { type: AttributeType.TENSOR, t: value });
  return value.every((element) => typeof element === "bigint")
    ? Object.assign(attribute, { type: AttributeType.INTS, ints: [...value] })
    : Object.assign(attribute, { type: AttributeType.FLOATS, floats: [...value] });
}

/** `Array.isArray` for readonly arrays, which the built-in type does not narrow. */
const isArray = (value: object): value is readonly bigint[] | readonly number[] => Array.isArray(value);

/** String attributes of ONNX operators are ASCII words such as `NOTSET`. */
const asciiBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0x7f);
