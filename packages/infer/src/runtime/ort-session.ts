import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common";
import { CallsignError } from "@callsign/audio/internal";
import type { Session, Tensor, TensorInfo } from "./session.ts";

/** `Session` of onnxruntime, for Node or the browser. */
export class OrtSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: string;
  readonly #name: string;
  readonly #session: InferenceSession;
  readonly #wrapAll: Wrap;
  #disposal: Promise<void> | undefined;

  constructor(
    session: InferenceSession,
    options: { readonly provider: string; readonly name: string; readonly Tensor: TensorConstructor },
  ) {
    const { provider, name, Tensor } = options;
    this.inputs = session.inputMetadata.map(toTensorInfo);
    this.outputs = session.outputMetadata.map(toTensorInfo);
    this.provider = provider;
    this.#name = name;
    this.#session = session;
    this.#wrapAll = wrapperOf(Tensor);
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>> {
    // Callers that give `outputs` reuse the same tensors at every step.
    const inputs = this.#wrapAll(feeds, outputs !== undefined);
    // WebAssembly, which also drives WebGPU, has its own memory and cannot write into the caller's buffers.
    const inPlace = outputs !== undefined && this.provider !== "wasm" && this.provider !== "webgpu";
    const results = await this.#run(
      inputs,
      inPlace ? this.#wrapAll(outputs, true) : outputs && Object.keys(outputs),
    );
    // The results were written into the caller's tensors.
    if (inPlace && this.provider === "cpu") return { ...outputs };
    return Object.fromEntries(
      Object.entries(results).map(([output, tensor]) => [output, this.#fromOrt(output, tensor)]),
    );
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#session.release();
    return this.#disposal;
  }

  async #run(
    inputs: Record<string, OrtTensor>,
    outputs: Record<string, OrtTensor> | readonly string[] | undefined,
  ): Promise<InferenceSession.ReturnType> {
    try {
      return await (outputs ? this.#session.run(inputs, outputs) : this.#session.run(inputs));
    } catch (cause) {
      const reason = ortReason(cause);
      const code = /invalid (dimensions|rank)/i.test(reason) ? "MODEL_SHAPE_MISMATCH" : "SESSION_FAILED";
      throw new CallsignError(code, `${this.#name}: the ${this.provider} run failed: ${reason}`, { cause });
    }
  }

  #fromOrt(output: string, { data, dims, type }: OrtTensor): Tensor {
    if (data instanceof Float32Array || data instanceof Int32Array || data instanceof BigInt64Array)
      return { data, dims };
    const where = `${this.#name}: output ${JSON.stringify(output)}`;
    throw new CallsignError(
      "MODEL_SHAPE_MISMATCH",
      `${where}: expected float32, int32 or int64, got ${type}`,
    );
  }
}

function toTensorInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  const { name } = value;
  return value.isTensor
    ? { name, type: value.type, dims: value.shape }
    : { name, type: "not a tensor", dims: [] };
}

type TensorConstructor = new (
  ...args:
    | [type: "float32", data: Float32Array, dims: readonly number[]]
    | [type: "int32", data: Int32Array, dims: readonly number[]]
    | [type: "int64", data: BigInt64Array, dims: readonly number[]]
) => OrtTensor;

type Wrap = (tensors: Readonly<Record<string, Tensor>>, once: boolean) => Record<string, OrtTensor>;

function wrapperOf(OrtTensorOf: TensorConstructor): Wrap {
  const wrapped = new WeakMap<Tensor, OrtTensor>();
  const wrap = ({ data, dims }: Tensor): OrtTensor => {
    if (data instanceof Float32Array) return new OrtTensorOf("float32", data, dims);
    if (data instanceof Int32Array) return new OrtTensorOf("int32", data, dims);
    return new OrtTensorOf("int64", data, dims);
  };
  const wrapOnce = (tensor: Tensor): OrtTensor => {
    const known = wrapped.get(tensor) ?? wrap(tensor);
    wrapped.set(tensor, known);
    return known;
  };
  return (tensors, once) => {
    const all: Record<string, OrtTensor> = {};
    for (const name of Object.keys(tensors)) all[name] = (once ? wrapOnce : wrap)(tensors[name]!);
    return all;
  };
}

/** Error for a model that onnxruntime cannot load. */
export function ortLoadError(name: string, reason: string, cause: unknown): CallsignError {
  if (/bad_alloc|out of memory|allocat/i.test(reason))
    return new CallsignError("SESSION_FAILED", `${name}: not enough memory to load it: ${reason}`, { cause });
  if (/protobuf parsing|data pointer is null/i.test(reason))
    return new CallsignError("MODEL_INVALID", `${name}: not an ONNX model, or one cut short: ${reason}`, {
      cause,
    });
  return new CallsignError("MODEL_INVALID", `${name}: onnxruntime cannot load this model: ${reason}`, {
    cause,
  });
}

/** Message of an onnxruntime error on one line of at most 400 characters. */
export function ortReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 400);
}
