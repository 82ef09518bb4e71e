import { startWorkers } from "../workers/worker-pool.ts";
import type { AttemptTask, AttemptWorkerData } from "./attempt-worker.ts";
import type { Attempt, ClipRequest } from "./make-clip.ts";

/** Makes attempts in worker threads. Give `attempt` to `synthesizeClips`, with `concurrency` at twice the workers. */
export interface AttemptPool {
  readonly attempt: (request: ClipRequest, attempt: number) => Promise<Attempt>;
  dispose(): Promise<void>;
}

/**
 * Starts worker threads that each have their own engines. An attempt depends on its request alone, so the clips are
 * the same as without the pool.
 */
export function createAttemptPool({
  workers,
  ...data
}: AttemptWorkerData & { readonly workers: number }): AttemptPool {
  const pool = startWorkers<AttemptTask, Attempt>({
    from: import.meta.url,
    module: "./attempt-worker",
    data,
    workers,
    what: "synthesis",
  });
  return {
    attempt({ engines: _engines, signal, voices, ...request }, attempt) {
      // The first attempt of a clip with given voices has its voice already; the whole list need not travel.
      return pool.run(
        { request: { ...request, voices: attempt === 0 ? undefined : voices }, attempt },
        signal,
      );
    },
    dispose: () => pool.dispose(),
  };
}
