import { CallsignError, type CallsignErrorCode } from "../errors.ts";
import type { ModelStep } from "../feature-track.ts";
import type { ModelCard } from "../model-card.ts";
import type { WebLoadOptions } from "./web-detector.ts";
import type { WebModel } from "./web-model.ts";
import type { WebSessionOptions } from "./web-session.ts";

/** What a worker needs to load its models; everything can be sent to it. */
export interface WorkerModels
  extends Omit<WebLoadOptions, "createSession" | "signal" | "onNote">, WebSessionOptions {
  readonly models: readonly WebModel[];
}

/** What the page asks of the worker; one answer each, in order. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: "start" }
  | { readonly id: number; readonly kind: "load"; readonly options: WorkerModels }
  | { readonly id: number; readonly kind: "push"; readonly samples: Float32Array }
  | { readonly id: number; readonly kind: "reset" }
  | { readonly id: number; readonly kind: "dispose" };

export type WorkerAnswer =
  | {
      readonly id: number;
      readonly kind: "loaded";
      readonly cards: readonly ModelCard[];
      readonly notes: readonly string[];
    }
  /** `busyMs`: time the worker spent on it. */
  | { readonly id: number; readonly kind: "steps"; readonly steps: ModelStep[]; readonly busyMs: number }
  | { readonly id: number; readonly kind: "done" }
  | { readonly id: number; readonly kind: "failed"; readonly error: WorkerError };

/** An error on its way between page and worker. */
interface WorkerError {
  readonly code: CallsignErrorCode;
  readonly message: string;
  /** Name and message of the error underneath. */
  readonly cause?: string;
}

export function toWorkerError(error: unknown): WorkerError {
  if (!(error instanceof CallsignError))
    return { code: "WORKER_FAILED", message: `worker: ${String(error)}` };
  const { code, message, cause } = error;
  return { code, message, ...(cause instanceof Error && { cause: String(cause) }) };
}

export const fromWorkerError = ({ code, message, cause }: WorkerError): CallsignError =>
  new CallsignError(code, message, { cause });
