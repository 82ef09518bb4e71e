import { CallsignError, closestName } from "@callsign/audio/internal";
import { type Backend, type BackendAdapter, type BackendName, BACKENDS } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { onnxruntime } from "./onnxruntime.ts";
import { tensorflow, tensorflowGpu } from "./tensorflow.ts";
import { wasm } from "./wasm.ts";
import { webgpu } from "./webgpu.ts";

/** A backend that `auto` skipped, the reason, and how to enable it. */
export interface SkippedBackend {
  readonly name: BackendName;
  readonly reason: string;
  readonly enable: string;
}

export interface LoadedBackend {
  readonly backend: Backend;
  /** Backends tried before it. */
  readonly skipped: readonly SkippedBackend[];
}

const ADAPTERS: Readonly<Record<BackendName, BackendAdapter>> = {
  "tensorflow-gpu": tensorflowGpu,
  onnxruntime,
  tensorflow,
  webgpu,
  wasm,
  cpu,
};

/**
 * Loads the named backend or, for `auto`, the fastest that loads, with the reasons why faster ones did not. A library is
 * imported only when its backend is tried. @throws CallsignError `DEPENDENCY_MISSING`, `INVALID_ARGUMENT`
 */
export async function loadBackend(name: string): Promise<LoadedBackend> {
  if (name !== "auto") return { backend: await loadNamed(backendName(name)), skipped: [] };
  const skipped: SkippedBackend[] = [];
  for (const candidate of BACKENDS) {
    const adapter = ADAPTERS[candidate];
    try {
      return { backend: await loadFrom(adapter, { automatic: true }), skipped };
    } catch (error) {
      skipped.push({ name: candidate, reason: reasonOf(error), enable: adapter.enable });
    }
  }
  const reasons = skipped.map((one) => `${one.name}: ${one.reason}`).join("; ");
  throw new CallsignError("DEPENDENCY_MISSING", `backend auto: no backend can be loaded: ${reasons}`);
}

const loadFrom = async (adapter: BackendAdapter, how: { readonly automatic: boolean }): Promise<Backend> => ({
  name: adapter.name,
  submit: () => Promise.resolve(),
  ...(await adapter.load(how)),
});

async function loadNamed(name: BackendName): Promise<Backend> {
  const adapter = ADAPTERS[name];
  try {
    return await loadFrom(adapter, { automatic: false });
  } catch (cause) {
    const message = `backend ${name} cannot be loaded: ${reasonOf(cause)}; to enable it: ${adapter.enable}`;
    throw new CallsignError("DEPENDENCY_MISSING", message, { cause });
  }
}

function backendName(name: string): BackendName {
  const known = BACKENDS.find((other) => other === name);
  if (known !== undefined) return known;
  const closest = closestName(name, [...BACKENDS, "auto"]);
  const hint = closest === undefined ? "" : `; did you mean ${closest}?`;
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `backend: expected auto or one of ${BACKENDS.join(", ")}, got ${JSON.stringify(name)}${hint}`,
  );
}

/** First line of an error's message, shortened; messages of missing packages continue with a stack. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.trim().slice(0, 300);
}
