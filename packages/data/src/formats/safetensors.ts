import { CallsignError } from "@callsign/audio/internal";
import { fromFloat16 } from "./float16.ts";
import {
  ELEMENT_BYTES,
  parseSafetensorsHeader,
  type SafetensorsDtype,
  type TensorEntry,
} from "./safetensors-header.ts";

/** Elements as they are stored: F16 and BF16 as their 16 bits, BOOL as 0 or 1; `tensorToFloat32` makes numbers of them. */
export type SafetensorsData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | BigUint64Array
  | BigInt64Array
  | Float64Array;

/** One named array, row-major. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly data: SafetensorsData;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file (https://huggingface.co/docs/safetensors, format of version 0.6). The arrays are views into
 * `bytes` where alignment allows, else copies. `name` (the file) begins every message.
 * @throws CallsignError `SAFETENSORS_INVALID`
 */
export function readSafetensors(bytes: Uint8Array, { name }: { readonly name: string }): Safetensors {
  const header = parseSafetensorsHeader(bytes, { name, fileLength: bytes.length });
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [tensor, entry] of header.tensors)
    tensors.set(tensor, tensorOf(entry, bytes.subarray(entry.begin, entry.end)));
  return { tensors, metadata: header.metadata };
}

/** A tensor from its entry in the header and its bytes; a view into them where alignment allows, else a copy. */
export const tensorOf = (
  { dtype, shape }: Pick<TensorEntry, "dtype" | "shape">,
  bytes: Uint8Array,
): SafetensorsTensor => ({
  dtype,
  shape,
  data: viewAs(dtype, bytes),
});

/**
 * The file for these tensors, byte for byte as the reference implementation writes it: widest elements first, then by
 * name, header padded to eight bytes. @throws CallsignError `INVALID_ARGUMENT` (an array that does not fit its shape)
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  { metadata }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  const ordered = [...tensors].toSorted(
    ([a, { dtype: typeA }], [b, { dtype: typeB }]) =>
      ELEMENT_BYTES[typeB] - ELEMENT_BYTES[typeA] || (a < b ? -1 : 1),
  );
  let offset = 0;
  const entries = ordered.map(([name, tensor]) => {
    checkFits(name, tensor);
    const begin = offset;
    offset += tensor.data.byteLength;
    const entry = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, offset] };
    return [name, entry] as const;
  });
  // Joined by hand: an object would move keys that look like array indices to the front.
  const fields = metadata ? [["__metadata__", metadata] as const, ...entries] : entries;
  const text = fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",");
  const json = new TextEncoder().encode(`{${text}}`);
  const dataBegin = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(dataBegin + offset).fill(SPACE, 8, dataBegin);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataBegin - 8), true);
  bytes.set(json, 8);
  let position = dataBegin;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * The elements as float32: F32 as they are (no copy), F64 rounded, F16 and BF16 widened exactly, integers rounded.
 * A new array for every type but F32.
 */
export function tensorToFloat32({ dtype, data }: SafetensorsTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype === "F16") return fromFloat16(data as Uint16Array);
  if (dtype === "BF16") return widenBfloat(data as Uint16Array);
  return Float32Array.from(data as Uint8Array | BigInt64Array, Number);
}

/** A float32 tensor, the common case of a checkpoint or shard. Keeps `data`. */
export const float32Tensor = (shape: readonly number[], data: Float32Array): SafetensorsTensor => ({
  dtype: "F32",
  shape,
  data,
});

const SPACE = 0x20;

const ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
} as const satisfies Record<SafetensorsDtype, unknown>;

/** The format is little-endian, as is every machine Node 20 runs on but s390x. */
function viewAs(dtype: SafetensorsDtype, bytes: Uint8Array): SafetensorsData {
  const size = ELEMENT_BYTES[dtype];
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ARRAYS[dtype](buffer as ArrayBuffer, byteOffset, length / size);
}

function checkFits(name: string, { dtype, shape, data }: SafetensorsTensor): void {
  const elements = shape.reduce((product, length) => product * length, 1);
  if (data.length !== elements || !(data instanceof ARRAYS[dtype]))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `tensor ${JSON.stringify(name)}: expected ${elements} elements for ${dtype} [${shape.join(", ")}], ` +
        `got ${data.constructor.name} of ${data.length}`,
    );
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat(data: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer);
}
