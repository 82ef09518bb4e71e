import { CallsignError } from "@callsign/audio/internal";
import {
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type SparseTensorProto,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType as DataType,
} from "./onnx_pb.ts";

/**
 * Checks that the dimensions of every tensor of a model, including subgraphs and functions, match its data.
 * @throws CallsignError `MODEL_INVALID` naming the tensor
 */
export function checkTensors(model: ModelProto, options: { readonly name: string }): void {
  for (const tensor of modelTensors(model)) {
    const fault = tensorFault(tensor);
    if (fault !== undefined) {
      throw new CallsignError("MODEL_INVALID", `${options.name}: tensor '${tensor.name}': ${fault}`);
    }
  }
}

function* modelTensors(model: ModelProto): Generator<TensorProto> {
  if (model.graph) yield* graphTensors(model.graph);
  for (const { initialization, algorithm } of model.trainingInfo) {
    if (initialization) yield* graphTensors(initialization);
    if (algorithm) yield* graphTensors(algorithm);
  }
  for (const { node, attributeProto } of model.functions) {
    yield* nodeTensors(node);
    yield* attributeTensors(attributeProto);
  }
}

function* graphTensors(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  yield* sparseParts(graph.sparseInitializer);
  yield* nodeTensors(graph.node);
}

function* nodeTensors(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const node of nodes) yield* attributeTensors(node.attribute);
}

function* attributeTensors(attributes: readonly AttributeProto[]): Generator<TensorProto> {
  for (const { t, tensors, g, graphs, sparseTensor, sparseTensors } of attributes) {
    if (t) yield t;
    yield* tensors;
    if (g) yield* graphTensors(g);
    for (const graph of graphs) yield* graphTensors(graph);
    yield* sparseParts(sparseTensor ? [sparseTensor, ...sparseTensors] : sparseTensors);
  }
}

function* sparseParts(sparse: readonly SparseTensorProto[]): Generator<TensorProto> {
  for (const { values, indices } of sparse) {
    if (values) yield values;
    if (indices) yield indices;
  }
}

function tensorFault(tensor: TensorProto): string | undefined {
  const type = tensor.dataType;
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0) {
    return "its data lie in another file; save the model with its weights inside";
  }
  const layout = LAYOUT[type];
  if (layout === undefined) return `unknown data type ${type}`;
  const elements = elementCount(tensor.dims);
  if (typeof elements === "string") return elements;
  const stored = storedFields(tensor);
  if (stored.length > 1) return `data in both ${stored[0]![0]} and ${stored[1]![0]}`;
  const [field, got] = stored[0] ?? [layout.field, 0];
  if (field !== "raw_data" && field !== layout.field) {
    return `data of type ${dataTypeName(type)} in ${field}, expected ${layout.field}`;
  }
  const expected = Math.ceil(elements * (field === "raw_data" ? layout.bytes : (layout.entries ?? 1)));
  if (expected === got) return undefined;
  const unit = field === "raw_data" ? "bytes" : "entries";
  return `dims [${tensor.dims.slice(0, 8).join(", ")}] of ${dataTypeName(type)} need ${expected} ${unit}, ${field} has ${got}`;
}

/** Product of the dims, or a description of their error; limited to exact integers. */
function elementCount(dims: readonly bigint[]): number | string {
  const negative = dims.find((dim) => dim < 0n);
  if (negative !== undefined) return `negative dimension ${negative}`;
  if (dims.includes(0n)) return 0;
  let product = 1;
  for (const dim of dims) {
    product *= Number(dim);
    if (product > Number.MAX_SAFE_INTEGER) return "dimensions multiply beyond 2^53";
  }
  return product;
}

type DataField =
  | "raw_data"
  | "float_data"
  | "int32_data"
  | "string_data"
  | "int64_data"
  | "double_data"
  | "uint64_data";

function storedFields(tensor: TensorProto): [DataField, number][] {
  const all: [DataField, number][] = [
    ["raw_data", tensor.rawData?.length ?? 0],
    ["float_data", tensor.floatData.length],
    ["int32_data", tensor.int32Data.length],
    ["string_data", tensor.stringData.length],
    ["int64_data", tensor.int64Data.length],
    ["double_data", tensor.doubleData.length],
    ["uint64_data", tensor.uint64Data.length],
  ];
  return all.filter(([, length]) => length > 0);
}

interface Layout {
  /** Bytes per element in raw_data. */
  readonly bytes: number;
  /** Typed field that may hold the elements instead, from the comments of the ONNX schema. */
  readonly field: DataField;
  /** Entries per element in that field: 2 for complex numbers, less than 1 for packed types. */
  readonly entries?: number;
}

const byte: Layout = { bytes: 1, field: "int32_data" };
const word: Layout = { bytes: 2, field: "int32_data" };
const nibble: Layout = { bytes: 1 / 2, field: "int32_data", entries: 1 / 2 };
const crumb: Layout = { bytes: 1 / 4, field: "int32_data", entries: 1 / 4 };

const LAYOUT: Readonly<Record<number, Layout>> = {
  [DataType.FLOAT]: { bytes: 4, field: "float_data" },
  [DataType.DOUBLE]: { bytes: 8, field: "double_data" },
  [DataType.COMPLEX64]: { bytes: 8, field: "float_data", entries: 2 },
  [DataType.COMPLEX128]: { bytes: 16, field: "double_data", entries: 2 },
  [DataType.INT64]: { bytes: 8, field: "int64_data" },
  [DataType.UINT64]: { bytes: 8, field: "uint64_data" },
  [DataType.UINT32]: { bytes: 4, field: "uint64_data" },
  [DataType.INT32]: { bytes: 4, field: "int32_data" },
  // Strings have no raw form, so raw_data of any length is an error.
  [DataType.STRING]: { bytes: Number.NaN, field: "string_data" },
  [DataType.UINT8]: byte,
  [DataType.INT8]: byte,
  [DataType.BOOL]: byte,
  [DataType.FLOAT8E4M3FN]: byte,
  [DataType.FLOAT8E4M3FNUZ]: byte,
  [DataType.FLOAT8E5M2]: byte,
  [DataType.FLOAT8E5M2FNUZ]: byte,
  [DataType.FLOAT8E8M0]: byte,
  [DataType.UINT16]: word,
  [DataType.INT16]: word,
  [DataType.FLOAT16]: word,
  [DataType.BFLOAT16]: word,
  [DataType.UINT4]: nibble,
  [DataType.INT4]: nibble,
  [DataType.FLOAT4E2M1]: nibble,
  [DataType.UINT2]: crumb,
  [DataType.INT2]: crumb,
};

const dataTypeName = (type: number): string =>
  Object.entries(DataType).find(([, value]) => value === type)?.[0] ?? `type ${type}`;
