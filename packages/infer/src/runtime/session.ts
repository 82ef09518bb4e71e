import { CallsignError } from "@callsign/audio/internal";

/** Input or output of a session; `data` is row-major and belongs to whoever created it. */
export interface Tensor {
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** Name, element type and shape of a session's input or output; a string is a symbolic dimension. */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly (number | string)[];
}

/** Loaded ONNX graph, independent of the runtime that executes it. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Execution provider of the graph: `cpu`, `cuda`, `webgpu` or `wasm`. */
  readonly provider: string;
  /**
   * Runs the graph. If `outputs` is given, only these are computed, and written into the given buffers when the runtime
   * supports it; use the returned tensors. Reusing the same `Tensor` objects avoids wrapping them again.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

export interface SessionOptions {
  /** Name of the graph, for messages. */
  readonly name: string;
  /**
   * Whether Callsign made the graph or its sha256 was checked. Its structure is then not validated, and the ONNX reader is not
   * loaded. Default false.
   */
  readonly isTrusted?: boolean;
}

/** Creates a session from ONNX bytes. @throws CallsignError `MODEL_INVALID`, `SESSION_FAILED` */
export type SessionFactory = (model: Uint8Array, options: SessionOptions) => Promise<Session>;

/**
 * Validates the structure of a graph that is not trusted. @throws CallsignError `MODEL_INVALID` with the position of the fault
 */
export async function checkGraph(
  model: Uint8Array,
  { name, isTrusted = false }: SessionOptions,
): Promise<void> {
  if (isTrusted) return;
  const { decodeOnnx } = await import("@callsign/onnx/internal");
  decodeOnnx(model, { name });
}

/**
 * Float32 data of the output with the given name and shape.
 * @throws CallsignError `MODEL_SHAPE_MISMATCH`
 */
export function floatOutput(
  outputs: Readonly<Record<string, Tensor>>,
  expectation: { readonly output: string; readonly dims: readonly number[]; readonly name: string },
): Float32Array {
  const { output, dims, name } = expectation;
  const tensor = outputs[output];
  const agrees = tensor?.dims.length === dims.length && dims.every((size, i) => size === tensor.dims[i]);
  if (agrees && tensor.data instanceof Float32Array) return tensor.data;
  const got =
    tensor === undefined ? `only ${Object.keys(outputs).join(", ")}` : `[${tensor.dims.join(", ")}]`;
  throw new CallsignError(
    "MODEL_SHAPE_MISMATCH",
    `${name}: expected output '${output}' as float32 [${dims.join(", ")}], got ${got}`,
  );
}
