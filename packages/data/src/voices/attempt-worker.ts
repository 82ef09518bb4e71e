import type * as z from "zod";
import { workWith } from "../workers/worker-task.ts";
import { createSpeechEngines } from "./create-engines.ts";
import type { engineConfig } from "../config/engine-config.ts";
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

const noNetwork: typeof fetch = () => Promise.reject(new Error("a speech thread does not download"));

/** Entry point of a worker thread that speaks. */
export const work = workWith<AttemptTask, Attempt>((data) => {
  const { engines, cacheDir } = data as AttemptWorkerData;
  const opened = createSpeechEngines(engines, { cacheDir, hub: { fetch: noNetwork } });
  return async ({ request, attempt }) => makeAttempt({ ...request, engines: await opened }, attempt);
});
