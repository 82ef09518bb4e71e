import { toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "./onnx_pb.ts";

/** Writes a model as ONNX bytes. The same model gives the same bytes. */
export function encodeOnnx(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}
