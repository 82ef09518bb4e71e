import type { TensorFlow } from "./import-tensorflow.ts";

/**
 * What TensorFlow.js can calculate with, the fastest first for batches of some hundred windows: the order in which
 * `auto` tries. A GPU by `webgpu` wins from some ten thousand on.
 */
export const BACKENDS = ["tensorflow-gpu", "onnxruntime", "tensorflow", "webgpu", "wasm", "cpu"] as const;

export type BackendName = (typeof BACKENDS)[number];

/** A backend, loaded and in charge. TensorFlow.js has one backend in charge a process; the last one loaded is it. */
export interface Backend {
  readonly name: BackendName;
  readonly tf: TensorFlow;
  /** What it runs on, for logs: a library's version, a GPU's name. */
  readonly device: string;
  /** Calculates what has been asked for so far; called after each step, for backends that gather operations. */
  submit(): Promise<void>;
  /** Lets the process end. The backend must not be used after. */
  release(): void;
}

/** A backend as its adapter gives it; without `submit` operations are carried out as they are asked for. */
type AdaptedBackend = Omit<Backend, "name" | "submit"> & Partial<Pick<Backend, "submit">>;

/** How one backend is loaded. */
export interface BackendAdapter {
  readonly name: BackendName;
  /** The command or step that makes it available. */
  readonly enable: string;
  /** @throws Error with the reason; `loadBackend` says who and how to enable it */
  load(options: { readonly automatic: boolean }): Promise<AdaptedBackend>;
}
