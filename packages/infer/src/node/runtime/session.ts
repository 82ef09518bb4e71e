import type { InferenceSession } from "onnxruntime-node";
import { CallsignError } from "@callsign/audio/internal";
import { ortLoadError, ortReason, OrtSession } from "../../runtime/ort-session.ts";
import { checkGraph, type SessionFactory } from "../../runtime/session.ts";
import { loadOnnxRuntime } from "./load-onnxruntime.ts";

/** Execution providers of onnxruntime-node that Callsign uses. */
export type NodeProvider = "cuda" | "webgpu" | "cpu";

/** Provider that is not available for a model, with the reason; the next one in the list is tried. */
export interface ProviderFallback {
  readonly provider: NodeProvider;
  readonly reason: string;
  /** Name of the model, as given to the factory. */
  readonly name: string;
}

export interface NodeSessionOptions {
  /**
   * Providers in order of preference; `auto` is cuda, webgpu, cpu. Default cpu: for models of this size a copy to a GPU and
   * back costs more than a step. webgpu is Dawn, whose threads keep the process alive until `process.exit`.
   */
  readonly providers?: readonly NodeProvider[] | "auto";
  /** Called once per provider and reason. The provider in use is `Session.provider`. */
  readonly onFallback?: (fallback: ProviderFallback) => void;
  /** Threads per operator. Default 1: idle threads of a pool use CPU time between the 80 ms steps. */
  readonly intraOpThreads?: number;
}

/**
 * Creates a session factory for onnxruntime-node, an optional peer dependency that is loaded with the first session, with
 * telemetry off (docs/installing.md). Sessions run sequentially and without spinning threads, so that an always-on detector
 * uses no CPU time between steps. Errors are `MODEL_INVALID` for an invalid or unsupported graph, `MODEL_SHAPE_MISMATCH` for
 * input of the wrong shape, `DEPENDENCY_MISSING` if onnxruntime-node does not load, and `SESSION_FAILED` otherwise.
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
  return async (model, graph) => {
    const { name } = graph;
    // onnxruntime validates less and reports errors less precisely.
    await checkGraph(model, graph);
    const { env, InferenceSession, Tensor } = await loadOnnxRuntime();
    // onnxruntime would also print its errors to stderr.
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
 * Loads onnxruntime-node, which `createNodeSession` otherwise does with the first session.
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
