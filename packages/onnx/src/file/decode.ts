import { fromBinary } from "@bufbuild/protobuf";
import { CallsignError } from "@callsign/audio/internal";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "./onnx_pb.ts";
import { checkTensors } from "./check-tensors.ts";
import { checkWire } from "./check-wire.ts";

/** A model that certainly has a graph. */
export type OnnxModel = ModelProto & { graph: GraphProto };

/**
 * Reads ONNX bytes. The wire format and every tensor's declared shape are checked before anything is built on them,
 * so hostile bytes cost time and memory in proportion to their own length only. Tensor data are views into `bytes`.
 * Operators are not checked: that is the runtime's work.
 * @param options.name the file or asset, for errors
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

/** What passes `checkWire` can still fail on text that is not UTF-8. */
function parse(bytes: Uint8Array, name: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallsignError("MODEL_INVALID", `${name}: not an ONNX model: ${reason}`, { cause });
  }
}
