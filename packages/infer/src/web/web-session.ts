import { CallsignError } from "../errors.ts";
import { decodeOnnx } from "../onnx/index.ts";
import { ortLoadError, ortReason, OrtSession } from "../ort-session.ts";
import type { SessionFactory } from "../session.ts";
import { fetchBytes } from "./fetch-bytes.ts";

export type WebProvider = "webgpu" | "wasm";

export interface WebSessionOptions {
  /**
   * Tried in this order. Default wasm alone: models of this size run faster there than on a GPU, and the runtime for
   * WebGPU is twice the download.
   */
  readonly providers?: readonly WebProvider[];
  /**
   * Address of onnxruntime's `.wasm` file, plain or gzipped; by default where the bundler put it. Each provider has a
   * file of its own: a text is for the one provider, an object names one for each.
   */
  readonly wasmUrl?: string | Readonly<Partial<Record<WebProvider, string>>>;
}

/**
 * Makes sessions with onnxruntime-web, on one thread (more need a cross-origin isolated page).
 * @throws CallsignError `INVALID_ARGUMENT`; sessions as those of `createNodeSession`, and `DEPENDENCY_MISSING` where the
 * runtime cannot be loaded
 */
export function createWebSession(options: WebSessionOptions = {}): SessionFactory {
  const { providers = ["wasm"] } = options;
  const wasmUrls = wasmUrlOf(providers, options.wasmUrl);
  return async (model, { name }) => {
    decodeOnnx(model, { name });
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

/** WebGPU as far as it is used here; the DOM types of TypeScript do not have it. */
interface Gpu {
  requestAdapter(): Promise<object | null>;
}

/** Before the runtime is downloaded. @throws CallsignError `SESSION_FAILED` */
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

/** Sessions that are made at the same time share a download; one that failed is tried again. */
const downloads = new Map<string, Promise<ArrayBuffer>>();

async function fetchRuntimeOnce(url: string): Promise<ArrayBuffer> {
  const download = downloads.get(url) ?? fetchRuntime(url);
  downloads.set(url, download);
  return download.finally(() => downloads.delete(url));
}

/** Unpacks gzip by its magic number: a server may have unpacked a `.gz` already, or told the browser to. */
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
  // What onnxruntime-common says when a backend did not start, before it looks at any model.
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
