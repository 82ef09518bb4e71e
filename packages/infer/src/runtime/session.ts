/** A tensor as it crosses into or out of a session; `data` is row-major and belongs to whoever made it. */
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

/** A loaded ONNX graph, whichever runtime holds it. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The execution provider that runs the graph: `cpu`, `cuda`, `webgpu`, `wasm`. */
  readonly provider: string;
  /**
   * All outputs, or those named in `outputs`, written into the buffers given there where the runtime can; the result
   * tells where they are. Who runs the same `Tensor` objects again saves wrapping them anew.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

export interface SessionOptions {
  /** The graph, for errors. */
  readonly name: string;
  /**
   * Set for a graph that Callsign made or whose sha256 was checked: its structure is not checked again, and the ONNX
   * reader is not loaded.
   */
  readonly isTrusted?: boolean;
}

/** Makes a session from ONNX bytes. @throws CallsignError `MODEL_INVALID`, `SESSION_FAILED` */
export type SessionFactory = (model: Uint8Array, options: SessionOptions) => Promise<Session>;

/**
 * Checks the structure of a graph that is not trusted. @throws CallsignError `MODEL_INVALID` naming the fault's place
 */
export async function checkGraph(
  model: Uint8Array,
  { name, isTrusted = false }: SessionOptions,
): Promise<void> {
  if (isTrusted) return;
  const { decodeOnnx } = await import("@callsign/onnx/internal");
  decodeOnnx(model, { name });
}
