import { CallsignError } from "@callsign/infer";
import { Tinypool } from "tinypool";
import type { AttemptTask, AttemptWorkerData, AttemptOutcome } from "./attempt-worker.ts";
import type { Attempt, ClipRequest } from "./make-clip.ts";

/** Makes attempts in worker threads. Give `attempt` to `synthesizeClips`, with `concurrency` at twice the workers. */
export interface AttemptPool {
  readonly attempt: (request: ClipRequest, attempt: number) => Promise<Attempt>;
  dispose(): Promise<void>;
}

/**
 * Starts worker threads that each have their own engines. An attempt depends on its request alone, so the clips are
 * the same as without the pool.
 * @param options.engines as given to `createSpeechEngines`, which here only draws and names what is missing
 */
export function createAttemptPool(options: AttemptWorkerData & { readonly workers: number }): AttemptPool {
  const { engines, cacheDir, workers } = options;
  const workerData: AttemptWorkerData = { engines, cacheDir };
  const isSource = import.meta.url.endsWith(".ts");
  const pool = new Tinypool({
    filename: new URL(isSource ? "./attempt-worker-from-source.mjs" : "./attempt-worker.js", import.meta.url)
      .href,
    name: "runAttempt",
    minThreads: workers,
    maxThreads: workers,
    workerData,
    ...(isSource && { execArgv: ["--conditions=@callsign/source"] }),
  });
  return {
    async attempt({ engines: _engines, signal, voices, ...request }, attempt) {
      // The first attempt of a clip with given voices has its voice already; the whole list need not travel.
      const task: AttemptTask = {
        request: { ...request, voices: attempt === 0 ? undefined : voices },
        attempt,
      };
      const outcome: AttemptOutcome = await pool
        .run(task, signal ? { signal } : {})
        .catch((cause: unknown) => {
          if (signal?.aborted) throw new CallsignError("ABORTED", "synthesis: stopped", { cause });
          throw new CallsignError(
            "SYNTHESIS_FAILED",
            `synthesis: a worker thread broke down: ${String(cause)}`,
            { cause },
          );
        });
      if ("error" in outcome) throw new CallsignError(outcome.error.code, outcome.error.message);
      return outcome;
    },
    dispose: () => pool.destroy(),
  };
}
