import type { InferenceSession } from "onnxruntime-node";
import { CallsignError } from "../errors.ts";
import { decodeOnnx } from "../onnx/index.ts";
import { ortLoadError, ortReason, OrtSession } from "../ort-session.ts";
import type { SessionFactory } from "../session.ts";
import { loadOnnxRuntime } from "./load-onnxruntime.ts";

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
 * Makes sessions with onnxruntime-node (an optional peer dependency, loaded with the first session, its telemetry off:
 * see docs/installing.md), sequential and without spinning threads, so that an always-on detector costs
 * nothing between steps. The factory's sessions throw `MODEL_INVALID` for what is no ONNX graph or one that this
 * runtime does not know, `MODEL_SHAPE_MISMATCH` for input of the wrong shape, `DEPENDENCY_MISSING` where
 * onnxruntime-node does not load and `SESSION_FAILED` for the rest.
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
    // Native code takes a header's word for more than ours does, and says less about what is wrong.
    decodeOnnx(model, { name });
    const { env, InferenceSession, Tensor } = await loadOnnxRuntime();
    // A library never prints: onnxruntime would log to stderr what it throws anyway.
    env.logLevel = "fatal";
    const reasons: string[] = [];
    for (const provider of providers) {
      try {
        const session = await InferenceSession.create(model, {
          ...SESSION_OPTIONS,
          intraOpNumThreads,
          executionProviders: [provider],
        });
        return new OrtSession(session, { provider, name, Tensor });
      } catch (cause) {
        const reason = ortReason(cause);
        if (provider === "cpu") throw ortLoadError(name, reason, cause);
        reasons.push(`${provider}: ${reason}`);
        report({ provider, reason, name });
      }
    }
    const message = `${name}: no execution provider could run it: ${reasons.join("; ")}; add "cpu" to the providers`;
    throw new CallsignError("SESSION_FAILED", message);
  };
}

export { ONNX_RUNTIME_INSTALL } from "./load-onnxruntime.ts";

/**
 * Loads onnxruntime-node, which `createNodeSession` does with the first session.
 * @throws CallsignError `DEPENDENCY_MISSING` with the command that installs it
 */
export async function requireOnnxRuntime(): Promise<void> {
  await loadOnnxRuntime();
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
