import { CallsignError } from "@callsign/audio/internal";

/** What the header of a `.npy` file says. Elements are little-endian and row-major. */
export interface NpyHeader {
  readonly dtype: "F16" | "F32";
  readonly shape: readonly number[];
  /** Byte of the file at which the elements begin. */
  readonly dataBegin: number;
}

/** Bytes of the beginning of a file in which a header of numpy's usual size ends: 128, or a few more. */
export const NPY_HEAD_BYTES = 4096;

/**
 * Reads the header of a `.npy` file of floats (format versions 1.0 to 3.0,
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). `head` is the beginning of the file; `name` begins
 * every message.
 * @throws CallsignError `FEATURES_INVALID`
 */
export function parseNpyHeader(
  head: Uint8Array,
  { name, fileLength }: { readonly name: string; readonly fileLength: number },
): NpyHeader {
  const invalid = (problem: string): CallsignError =>
    new CallsignError("FEATURES_INVALID", `${name}: not a .npy file of features: ${problem}`);
  if (head.length < 12 || MAGIC.some((byte, i) => head[i] !== byte))
    throw invalid(
      `expected it to begin with the bytes \\x93NUMPY, got ${JSON.stringify(asLatin1(head.subarray(0, 6)))}`,
    );
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = head[6]!;
  if (version < 1 || version > 3) throw invalid(`expected format version 1 to 3, got ${version}`);
  const begin = version === 1 ? 10 : 12;
  const dataBegin = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataBegin > head.length)
    throw invalid(`its header ends at byte ${dataBegin}, expected at most ${head.length}`);
  const text = asLatin1(head.subarray(begin, dataBegin));
  const type = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const dtype = type === undefined ? undefined : DTYPES.get(type);
  if (dtype === undefined)
    throw invalid(`expected float16 or float32 ('<f2', '<f4'), got ${type ?? text.trim()}`);
  if (!/'fortran_order':\s*False/.test(text))
    throw invalid("expected rows one after the other (fortran_order False); save numpy.ascontiguousarray(x)");
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1]?.match(/\d+/g)?.map(Number);
  if (shape === undefined) throw invalid(`expected a shape, got ${text.trim()}`);
  const bytes = shape.reduce((product, length) => product * length, dtype === "F16" ? 2 : 4);
  if (dataBegin + bytes !== fileLength)
    throw invalid(
      `[${shape.join(", ")}] of ${type} needs ${dataBegin + bytes} bytes, the file has ${fileLength}; it may be cut off: copy it again`,
    );
  return { dtype, shape, dataBegin };
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const DTYPES: ReadonlyMap<string, NpyHeader["dtype"]> = new Map([
  ["<f2", "F16"],
  ["<f4", "F32"],
]);

const asLatin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
