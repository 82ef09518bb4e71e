import { CallsignError, type CallsignErrorCode } from "@callsign/audio/internal";
import type { DetectorStep } from "../../detector/detector.ts";
import type { ModelCard } from "../../model/model-card.ts";
import type { WebLoadOptions } from "../model/web-detector.ts";
import type { WebModel } from "../model/web-model.ts";
import type { WebSessionOptions } from "../runtime/web-session.ts";

/** Load options that can be sent to a worker by structured clone. */
export interface WorkerModels
  extends Omit<WebLoadOptions, "createSession" | "signal" | "onNote">, WebSessionOptions {
  readonly models: readonly WebModel[];
}

/** Requests of the page, each answered once and in order. */
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
  /** `busyMs`: processing time in the worker. */
  | { readonly id: number; readonly kind: "steps"; readonly steps: DetectorStep[]; readonly busyMs: number }
  | { readonly id: number; readonly kind: "done" }
  | { readonly id: number; readonly kind: "failed"; readonly error: WorkerError };

/** Serialized error. */
interface WorkerError {
  readonly code: CallsignErrorCode;
  readonly message: string;
  /** Name and message of the cause. */
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
