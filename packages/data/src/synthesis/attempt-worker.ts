import { workerData } from "node:worker_threads";
import { CallsignError, type CallsignErrorCode } from "@callsign/infer";
import type * as z from "zod";
import { createSpeechEngines } from "./create-engines.ts";
import type { WeightedEngine } from "./draw-utterance.ts";
import type { engineConfig } from "./engine-config.ts";
import { type Attempt, type ClipRequest, makeAttempt } from "./make-clip.ts";

/** What a worker thread is started with. Hub models must be in the cache already: threads do not download. */
export interface AttemptWorkerData {
  readonly engines: readonly z.input<typeof engineConfig>[];
  readonly cacheDir?: string | undefined;
}

/** One attempt, as it is sent to a worker thread. */
export interface AttemptTask {
  readonly request: Omit<ClipRequest, "engines" | "signal">;
  readonly attempt: number;
}

/** An error's class does not survive the way between threads; its code does. */
export type AttemptOutcome =
  | Attempt
  | { readonly error: { readonly code: CallsignErrorCode; readonly message: string } };

/** Entry point of the worker thread. */
export async function runAttempt({ request, attempt }: AttemptTask): Promise<AttemptOutcome> {
  try {
    engines ??= createSpeechEngines(settings().engines, { cacheDir: settings().cacheDir });
    return await makeAttempt({ ...request, engines: await engines }, attempt);
  } catch (error) {
    if (error instanceof CallsignError) return { error: { code: error.code, message: error.message } };
    throw error;
  }
}

let engines: Promise<WeightedEngine[]> | undefined;

/** tinypool puts its own data first. */
function settings(): AttemptWorkerData {
  const [, data]: [unknown, AttemptWorkerData] = workerData;
  return data;
}
