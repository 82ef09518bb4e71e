import type { TensorFlow } from "./import-tensorflow.ts";

/**
 * Backends of TensorFlow.js, in the order in which `auto` tries them: fastest first for batches of some hundred windows.
 * `webgpu` on a GPU is faster from about ten thousand windows on.
 */
export const BACKENDS = ["tensorflow-gpu", "onnxruntime", "tensorflow", "webgpu", "wasm", "cpu"] as const;

export type BackendName = (typeof BACKENDS)[number];

/** A loaded, active backend. TensorFlow.js has one active backend per process: the last one loaded. */
export interface Backend {
  readonly name: BackendName;
  readonly tf: TensorFlow;
  /** Device or library version, for logs. */
  readonly device: string;
  /** Runs all pending operations; called after each step, for backends that defer them. */
  submit(): Promise<void>;
  /** Releases what keeps the process alive. The backend must not be used afterwards. */
  release(): void;
}

/** A backend as returned by its adapter; without `submit`, operations run immediately. */
type AdaptedBackend = Omit<Backend, "name" | "submit"> & Partial<Pick<Backend, "submit">>;

/** Loader of one backend. */
export interface BackendAdapter {
  readonly name: BackendName;
  /** Command or step that makes it available. */
  readonly enable: string;
  /** @throws Error with the reason only; `loadBackend` adds the name and how to enable it */
  load(options: { readonly automatic: boolean }): Promise<AdaptedBackend>;
}
