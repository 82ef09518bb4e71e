import type { DetectorStep } from "../detector.ts";
import { CallsignError, type CallsignErrorCode } from "../errors.ts";
import type { ModelCard } from "../model-card.ts";
import type { WebDetectorOptions } from "./web-detector.ts";
import type { WebSessionOptions } from "./web-session.ts";

/** What of `WebDetectorOptions` can be sent to a worker, and how its sessions are made. */
export interface WorkerLoadOptions
  extends Omit<WebDetectorOptions, "createSession" | "signal">, WebSessionOptions {}

/** What the page asks of the worker; one answer each, in order. */
export type WorkerRequest =
  | { readonly id: number; readonly kind: "load"; readonly options: WorkerLoadOptions }
  | { readonly id: number; readonly kind: "push"; readonly samples: Float32Array }
  | { readonly id: number; readonly kind: "reset" }
  | { readonly id: number; readonly kind: "dispose" };

export type WorkerAnswer =
  | { readonly id: number; readonly kind: "loaded"; readonly card: ModelCard }
  /** `cpuMs`: time the worker spent on it. */
  | { readonly id: number; readonly kind: "steps"; readonly steps: DetectorStep[]; readonly cpuMs: number }
  | { readonly id: number; readonly kind: "done" }
  | {
      readonly id: number;
      readonly kind: "failed";
      readonly code: CallsignErrorCode;
      readonly message: string;
    };

/** An error as it crosses between page and worker. */
export const toFailure = (id: number, error: unknown): WorkerAnswer => ({
  id,
  kind: "failed",
  code: error instanceof CallsignError ? error.code : "SESSION_FAILED",
  message: error instanceof Error ? error.message : String(error),
});
