export * from "./edit/edit.ts";
export * from "./edit/make.ts";
export * from "./edit/tensor.ts";
export * from "./file/check-tensors.ts";
export * from "./file/check-wire.ts";
export * from "./file/decode.ts";
export * from "./file/encode.ts";
export * from "./file/onnx_pb.ts";
