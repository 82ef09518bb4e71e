import { CallsignError } from "@callsign/audio/internal";
import { ortLoadError, ortReason, OrtSession } from "../../runtime/ort-session.ts";
import { checkGraph, type SessionFactory } from "../../runtime/session.ts";
import { fetchBytes } from "../model/fetch-bytes.ts";

export type WebProvider = "webgpu" | "wasm";

export interface WebSessionOptions {
  /**
   * Providers in order of preference. Default wasm: models of this size run faster there than on a GPU, and the WebGPU runtime
   * is twice the download.
   */
  readonly providers?: readonly WebProvider[];
  /**
   * URL of onnxruntime's `.wasm` file, plain or gzipped. Default as resolved by the bundler. Each provider has its own file: give
   * a string for a single provider, or an object with one URL per provider.
   */
  readonly wasmUrl?: string | Readonly<Partial<Record<WebProvider, string>>>;
}

/**
 * Creates a session factory for onnxruntime-web with one thread; more require a cross-origin isolated page. Errors of the
 * factory are those of `createNodeSession`, and `DEPENDENCY_MISSING` if the runtime cannot be loaded.
 * @throws CallsignError `INVALID_ARGUMENT`
 */
export function createWebSession(options: WebSessionOptions = {}): SessionFactory {
  const { providers = ["wasm"] } = options;
  const wasmUrls = wasmUrlOf(providers, options.wasmUrl);
  return async (model, graph) => {
    const { name } = graph;
    await checkGraph(model, graph);
    const faults: CallsignError[] = [];
    for (const provider of providers) {
      try {
        const ort = await importRuntime(provider, wasmUrls[provider]);
        const session = await ort.InferenceSession.create(model, {
          executionProviders: [provider],
          graphOptimizationLevel: "all",
          logSeverityLevel: 4,
        });
        return new OrtSession(session, { provider, name, Tensor: ort.Tensor });
      } catch (cause) {
        faults.push(toLoadError(cause, { provider, name }));
      }
    }
    if (faults.length === 1) throw faults[0]!;
    const reasons = faults.map(({ message }) => message);
    throw new CallsignError("SESSION_FAILED", `${name}: no provider can run it: ${reasons.join("; ")}`, {
      cause: faults,
    });
  };
}

function wasmUrlOf(
  providers: readonly WebProvider[],
  wasmUrl: WebSessionOptions["wasmUrl"],
): Readonly<Partial<Record<WebProvider, string>>> {
  if (providers.length === 0)
    throw new CallsignError("INVALID_ARGUMENT", 'providers: expected "wasm", "webgpu" or both, got none');
  if (typeof wasmUrl !== "string") return wasmUrl ?? {};
  if (new Set(providers).size > 1)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `wasmUrl: with several providers give { wasm: address, webgpu: address }, got ${JSON.stringify(wasmUrl)}`,
    );
  return { [providers[0]!]: wasmUrl };
}

/** Subset of WebGPU's types, which TypeScript's DOM types lack. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/** Checks for WebGPU before its runtime is downloaded. @throws CallsignError `SESSION_FAILED` */
async function checkWebGpu(): Promise<void> {
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: Gpu };
  if (await gpu?.requestAdapter()) return;
  throw new CallsignError(
    "SESSION_FAILED",
    'webgpu: this browser has no WebGPU, or no GPU for it; use providers ["webgpu", "wasm"]',
  );
}

async function importRuntime(provider: WebProvider, wasmUrl: string | undefined) {
  if (provider === "webgpu") await checkWebGpu();
  const ort = await (
    provider === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm")
  ).catch((cause: unknown) => {
    throw runtimeError(ortReason(cause), cause);
  });
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = 1;
  if (wasmUrl !== undefined) ort.env.wasm.wasmBinary ??= await fetchRuntimeOnce(wasmUrl);
  return ort;
}

/** Pending downloads, shared by concurrent sessions; a failed one is repeated by the next session. */
const downloads = new Map<string, Promise<ArrayBuffer>>();

async function fetchRuntimeOnce(url: string): Promise<ArrayBuffer> {
  const download = downloads.get(url) ?? fetchRuntime(url);
  downloads.set(url, download);
  return download.finally(() => downloads.delete(url));
}

/** Detects gzip by its magic number, since server or browser may have decompressed a `.gz` file already. */
async function fetchRuntime(url: string): Promise<ArrayBuffer> {
  const packed = await fetchBytes(url, { code: "DEPENDENCY_MISSING" });
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed.buffer;
  const unpacked = new Response(packed).body!.pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer().catch((cause: unknown) => {
    throw runtimeError(`${url} cannot be unpacked: ${String(cause)}`, cause);
  });
}

function toLoadError(
  cause: unknown,
  { provider, name }: { provider: WebProvider; name: string },
): CallsignError {
  if (cause instanceof CallsignError) return cause;
  const reason = ortReason(cause);
  // Message of onnxruntime-common for a backend that did not start, independent of the model.
  if (/no available backend found/i.test(reason)) return runtimeError(`${provider}: ${reason}`, cause);
  return ortLoadError(name, reason, cause);
}

const runtimeError = (reason: string, cause: unknown): CallsignError =>
  new CallsignError(
    "DEPENDENCY_MISSING",
    `onnxruntime-web cannot start: ${reason}; check where its .wasm file lies (wasmUrl), that the page's ` +
      `Content-Security-Policy allows 'wasm-unsafe-eval', and load the page again`,
    { cause },
  );
