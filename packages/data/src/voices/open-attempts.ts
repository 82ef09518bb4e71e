import type * as z from "zod";

import type { engineConfig } from "../config/engine-config.ts";
import { createSpeechEngines } from "./create-engines.ts";
import { type Attempt, type ClipRequest, makeAttempt } from "./make-clip.ts";

/** Engines of a worker thread. Hub models must be in the cache already: threads do not download. */
export interface AttemptSetup {
  readonly engines: readonly z.input<typeof engineConfig>[];
  readonly cacheDir?: string | undefined;
  /** Value of CALLSIGN_ASSETS. */
  readonly assets?: string | undefined;
}

/** One attempt at a clip. */
export interface AttemptInput {
  readonly request: Omit<ClipRequest, "engines" | "signal">;
  readonly attempt: number;
}

const noNetwork: typeof fetch = () => Promise.reject(new Error("a speech thread does not download"));

/** The task `synthesis`: attempts at clips, with engines of their own. */
export function openAttempts({ engines, cacheDir, assets }: AttemptSetup) {
  const env = { ...process.env, CALLSIGN_ASSETS: assets };
  const opened = createSpeechEngines(engines, { cacheDir, env, hub: { fetch: noNetwork } });
  return {
    run: async ({ request, attempt }: AttemptInput): Promise<Attempt> =>
      makeAttempt({ ...request, engines: await opened }, attempt),
    async dispose(): Promise<void> {
      const disposed = (await opened.catch(() => [])).map(({ engine }) => engine.dispose());
      await Promise.all(disposed);
    },
  };
}
