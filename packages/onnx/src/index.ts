// Files.
export { decodeOnnx, type OnnxModel } from "./file/decode.ts";
export { encodeOnnx } from "./file/encode.ts";
export type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from "./file/onnx_pb.ts";

// New graphs and tensors.
export {
  type AttributeValue,
  dimension,
  makeGraph,
  makeModel,
  makeNode,
  makeValueInfo,
} from "./edit/make.ts";
export { makeFloatTensor, makeInt64Tensor, tensorFloats, tensorInt64s } from "./edit/tensor.ts";

// Changes to a graph.
export {
  findConsumers,
  findInitializer,
  findProducer,
  graphInputs,
  removeUnusedInitializers,
  renameValues,
  replaceNode,
  setInitializer,
  setValueDims,
  valueDims,
} from "./edit/edit.ts";
