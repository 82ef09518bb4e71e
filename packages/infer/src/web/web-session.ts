import { CallsignError } from "../errors.ts";
import { decodeOnnx } from "../onnx/index.ts";
import { ortLoadError, ortReason, OrtSession } from "../ort-session.ts";
import type { SessionFactory } from "../session.ts";
import { fetchBytes } from "./fetch-bytes.ts";

export interface WebSessionOptions {
  /**
   * Tried in this order. Default wasm alone: models of this size run faster there than a GPU is asked and answers, and
   * the WebGPU runtime is twice the download.
   */
  readonly providers?: readonly ("webgpu" | "wasm")[];
  /** Where the wasm runtime lies, where the bundler does not see to it; one that is gzipped is unpacked. */
  readonly wasmUrl?: string;
}

/**
 * Makes sessions with onnxruntime-web, on one thread: more would need a page that is isolated from other origins. Its
 * sessions throw as those of `createNodeSession` do.
 */
export function createWebSession(options: WebSessionOptions = {}): SessionFactory {
  const { providers = ["wasm"] } = options;
  return async (model, { name }) => {
    decodeOnnx(model, { name });
    const reasons: string[] = [];
    for (const provider of providers) {
      try {
        const ort = await importRuntime(provider, options);
        const session = await ort.InferenceSession.create(model, {
          executionProviders: [provider],
          graphOptimizationLevel: "all",
          logSeverityLevel: 4,
        });
        return new OrtSession(session, { provider, name, Tensor: ort.Tensor });
      } catch (cause) {
        const reason = ortReason(cause);
        if (provider === providers.at(-1) && reasons.length === 0) throw ortLoadError(name, reason, cause);
        reasons.push(`${provider}: ${reason}`);
      }
    }
    throw new CallsignError("SESSION_FAILED", `${name}: no provider could run it: ${reasons.join("; ")}`);
  };
}

async function importRuntime(provider: "webgpu" | "wasm", { wasmUrl }: WebSessionOptions) {
  const ort = await (provider === "webgpu"
    ? import("onnxruntime-web/webgpu")
    : import("onnxruntime-web/wasm"));
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = 1;
  if (provider === "wasm" && wasmUrl !== undefined) ort.env.wasm.wasmBinary ??= await fetchRuntime(wasmUrl);
  return ort;
}

/** A server may have unpacked a `.gz` by itself, or said so to the browser: the bytes decide. */
async function fetchRuntime(url: string): Promise<ArrayBuffer> {
  const packed = await fetchBytes(url);
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed.buffer;
  const unpacked = new Response(packed).body!.pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}
