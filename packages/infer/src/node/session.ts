import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { CallsignError } from "../errors.ts";
import { decodeOnnx } from "../onnx/index.ts";
import type { Session, SessionFactory, Tensor, TensorInfo } from "../session.ts";

/** Execution providers of onnxruntime-node that Callsign uses. */
export type NodeProvider = "cuda" | "webgpu" | "cpu";

/** A provider that could not be had for a model, and why; the next in the list is tried. */
export interface ProviderFallback {
  readonly provider: NodeProvider;
  readonly reason: string;
  /** The model, as named to the factory. */
  readonly name: string;
}

export interface NodeSessionOptions {
  /**
   * Tried in this order; `auto` is cuda, webgpu, cpu. Default cpu alone: the models are so small that a copy to a GPU
   * and back costs more than a step. webgpu is Dawn, whose threads keep a process alive until `process.exit`.
   */
  readonly providers?: readonly NodeProvider[] | "auto";
  /** Told of each provider and reason once. Without it a fallback is silent; `Session.provider` tells who runs. */
  readonly onFallback?: (fallback: ProviderFallback) => void;
  /** Threads within one operator. Default 1: a pool's idle threads burn the CPU between 80 ms steps. */
  readonly intraOpThreads?: number;
}

/**
 * Makes sessions with onnxruntime-node, sequential and without spinning threads, so that an always-on detector costs
 * nothing between steps. The factory's sessions throw `MODEL_INVALID` for what is no ONNX graph or one that this
 * runtime does not know, `MODEL_SHAPE_MISMATCH` for input of the wrong shape and `SESSION_FAILED` for the rest.
 */
export function createNodeSession(options: NodeSessionOptions = {}): SessionFactory {
  const providers = checkProviders(options.providers ?? ["cpu"]);
  const intraOpNumThreads = checkThreads(options.intraOpThreads ?? 1);
  const reported = new Set<string>();
  const report = (fallback: ProviderFallback): void => {
    const key = `${fallback.provider}: ${fallback.reason}`;
    if (reported.has(key)) return;
    reported.add(key);
    options.onFallback?.(fallback);
  };
  return async (model, { name }) => {
    // A library never prints: onnxruntime would log to stderr what it throws anyway.
    env.logLevel = "fatal";
    // Native code takes a header's word for more than ours does, and says less about what is wrong.
    decodeOnnx(model, { name });
    const reasons: string[] = [];
    for (const provider of providers) {
      try {
        const session = await InferenceSession.create(model, {
          ...SESSION_OPTIONS,
          intraOpNumThreads,
          executionProviders: [provider],
        });
        return new NodeSession(session, { provider, name });
      } catch (cause) {
        const reason = reasonOf(cause);
        if (provider === "cpu") throw loadError(name, reason, cause);
        reasons.push(`${provider}: ${reason}`);
        report({ provider, reason, name });
      }
    }
    const message = `${name}: no execution provider could run it: ${reasons.join("; ")}; add "cpu" to the providers`;
    throw new CallsignError("SESSION_FAILED", message);
  };
}

const AUTO: readonly NodeProvider[] = ["cuda", "webgpu", "cpu"];

const SESSION_OPTIONS = {
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 4,
  // onnxruntime_session_options_config_keys.h: session.intra_op.allow_spinning, session.inter_op.allow_spinning
  extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
} as const satisfies InferenceSession.SessionOptions;

function checkProviders(providers: readonly NodeProvider[] | "auto"): readonly NodeProvider[] {
  if (providers === "auto") return AUTO;
  const unknown = providers.find((provider) => !AUTO.includes(provider));
  if (unknown !== undefined || providers.length === 0)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `providers: expected a list of ${AUTO.join(", ")}, or "auto", got ${JSON.stringify(unknown ?? providers)}`,
    );
  return providers;
}

function checkThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return threads;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `intraOpThreads: expected an integer 1 to 1024, got ${threads}`,
  );
}

class NodeSession implements Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly provider: NodeProvider;
  readonly #name: string;
  readonly #session: InferenceSession;
  #disposal: Promise<void> | undefined;

  constructor(session: InferenceSession, { provider, name }: { provider: NodeProvider; name: string }) {
    this.inputs = session.inputMetadata.map(toTensorInfo);
    this.outputs = session.outputMetadata.map(toTensorInfo);
    this.provider = provider;
    this.#name = name;
    this.#session = session;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>> {
    const wrap = outputs ? toOrtOnce : toOrt;
    const results = await this.#run(toOrtAll(feeds, wrap), outputs && toOrtAll(outputs, wrap));
    // Results in the caller's own buffers are the caller's own tensors.
    if (outputs !== undefined && this.provider === "cpu") return { ...outputs };
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
    outputs: Record<string, OrtTensor> | undefined,
  ): Promise<InferenceSession.ReturnType> {
    try {
      return await (outputs ? this.#session.run(inputs, outputs) : this.#session.run(inputs));
    } catch (cause) {
      const reason = reasonOf(cause);
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

function toOrtAll(
  tensors: Readonly<Record<string, Tensor>>,
  wrap: (tensor: Tensor) => OrtTensor,
): Record<string, OrtTensor> {
  const wrapped: Record<string, OrtTensor> = {};
  for (const name of Object.keys(tensors)) wrapped[name] = wrap(tensors[name]!);
  return wrapped;
}

/** Those who say where outputs go run the same tensors step after step. */
const WRAPPED = new WeakMap<Tensor, OrtTensor>();

function toOrtOnce(tensor: Tensor): OrtTensor {
  const known = WRAPPED.get(tensor);
  if (known !== undefined) return known;
  const wrapped = toOrt(tensor);
  WRAPPED.set(tensor, wrapped);
  return wrapped;
}

function toOrt({ data, dims }: Tensor): OrtTensor {
  if (data instanceof Float32Array) return new OrtTensor("float32", data, dims);
  if (data instanceof Int32Array) return new OrtTensor("int32", data, dims);
  return new OrtTensor("int64", data, dims);
}

function loadError(name: string, reason: string, cause: unknown): CallsignError {
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

/** One line, cut short. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 400);
}
