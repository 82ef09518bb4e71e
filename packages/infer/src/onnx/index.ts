export * from "./decode.ts";
export * from "./edit.ts";
export * from "./encode.ts";
export * from "./make.ts";
export * from "./merge.ts";
export * from "./tensor.ts";
export {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
  type TensorProto,
  type ValueInfoProto,
} from "./onnx_pb.ts";
