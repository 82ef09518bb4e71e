import { fromBinary } from "@bufbuild/protobuf";
import { CallsignError } from "@callsign/audio/internal";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "./onnx_pb.ts";
import { checkTensors } from "./check-tensors.ts";
import { checkWire } from "./check-wire.ts";

/** Model with a graph. */
export type OnnxModel = ModelProto & { graph: GraphProto };

/**
 * Parses ONNX bytes. Wire format and tensor shapes are validated first, so that time and memory for hostile bytes are
 * proportional to their length. Tensor data are views into `bytes`. Operators are not checked.
 * @param options.name file or asset, for messages
 * @throws CallsignError `MODEL_INVALID`
 */
export function decodeOnnx(bytes: Uint8Array, options: { readonly name?: string } = {}): OnnxModel {
  const name = options.name ?? "model";
  checkWire(bytes, { name, schema: ModelProtoSchema });
  const model = parse(bytes, name);
  const { graph } = model;
  if (graph === undefined) {
    throw new CallsignError(
      "MODEL_INVALID",
      `${name}: expected an ONNX model, got ${bytes.length} bytes without a graph`,
    );
  }
  if (model.irVersion === undefined || model.irVersion < 1n || model.opsetImport.length === 0) {
    throw new CallsignError(
      "MODEL_INVALID",
      `${name}: expected an ONNX model with ir_version and opset_import, got ir_version ${model.irVersion ?? "none"} and ${model.opsetImport.length} operator sets`,
    );
  }
  checkTensors(model, { name });
  return Object.assign(model, { graph });
}

/** Parses validated bytes, which can still fail for text that is not UTF-8. */
function parse(bytes: Uint8Array, name: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("MODEL_INVALID", `${name}: not an ONNX model: ${reason}`, { cause });
  }
}
