import { create } from "@bufbuild/protobuf";
import { CallsignError } from "@callsign/audio/internal";
import { type TensorProto, TensorProto_DataType as DataType, TensorProtoSchema } from "../file/onnx_pb.ts";

/** Creates a FLOAT tensor; `dims` [] is a scalar. The values are copied. @throws CallsignError `INVALID_ARGUMENT` */
export function makeFloatTensor(
  name: string,
  content: { readonly values: Float32Array | readonly number[]; readonly dims: readonly number[] },
): TensorProto {
  return makeTensor(name, {
    values: Float32Array.from(content.values),
    dims: content.dims,
    type: DataType.FLOAT,
  });
}

/** Creates an INT64 tensor, one-dimensional by default. @throws CallsignError `INVALID_ARGUMENT` */
export function makeInt64Tensor(
  name: string,
  content: { readonly values: readonly (number | bigint)[]; readonly dims?: readonly number[] },
): TensorProto {
  const values = BigInt64Array.from(content.values, BigInt);
  return makeTensor(name, { values, dims: content.dims ?? [values.length], type: DataType.INT64 });
}

/** Copy of the values of a FLOAT tensor, from `raw_data` or `float_data`. @throws CallsignError `MODEL_INVALID` */
export function tensorFloats(tensor: TensorProto): Float32Array {
  if (tensor.dataType !== DataType.FLOAT) wrongType(tensor, "FLOAT");
  return tensor.rawData?.length
    ? new Float32Array(alignedCopy(tensor.rawData))
    : Float32Array.from(tensor.floatData);
}

/** Copy of the values of an INT64 tensor, from `raw_data` or `int64_data`. @throws CallsignError `MODEL_INVALID` */
export function tensorInt64s(tensor: TensorProto): bigint[] {
  if (tensor.dataType !== DataType.INT64) wrongType(tensor, "INT64");
  return tensor.rawData?.length ? [...new BigInt64Array(alignedCopy(tensor.rawData))] : [...tensor.int64Data];
}

function makeTensor(
  name: string,
  content: {
    values: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
    dims: readonly number[];
    type: DataType;
  },
): TensorProto {
  const { values, dims } = content;
  const expected = dims.reduce((product, size) => product * size, 1);
  if (expected !== values.length) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `tensor '${name}': dims [${dims.join(", ")}] need ${expected} values, got ${values.length}`,
    );
  }
  // raw_data is little-endian, as are typed arrays on all current platforms.
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: content.type, rawData });
}

/** Copy at an aligned offset, which typed arrays require and data in a file may not have. */
const alignedCopy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

function wrongType(tensor: TensorProto, expected: string): never {
  throw new CallsignError(
    "MODEL_INVALID",
    `tensor '${tensor.name}': expected data type ${expected}, got ${tensor.dataType}`,
  );
}
