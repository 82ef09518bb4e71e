import type { Detector } from "../detector.ts";
import { CallsignError } from "../errors.ts";
import { loadWebDetector } from "./web-detector.ts";
import { createWebSession } from "./web-session.ts";
import { toFailure, type WorkerAnswer, type WorkerRequest } from "./worker-messages.ts";

/** What of a worker's global scope is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
}

/** The whole of a worker's module: `serveDetector()` and nothing else. `WorkerDetector` is its other end. */
export function serveDetector(scope: WorkerScope = globalThis): void {
  let detector: Detector | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const opened = (): Detector => {
    if (detector) return detector;
    throw new CallsignError("DISPOSED", "worker: no detector is loaded");
  };
  const answer = async (request: WorkerRequest): Promise<WorkerAnswer> => {
    const { id, kind } = request;
    switch (kind) {
      case "load": {
        const { providers, wasmUrl, ...options } = request.options;
        await detector?.dispose();
        detector = await loadWebDetector({
          ...options,
          createSession: createWebSession({ ...(providers && { providers }), ...(wasmUrl && { wasmUrl }) }),
        });
        return { id, kind: "loaded", card: detector.card };
      }
      case "push": {
        const start = performance.now();
        const steps = await opened().push(request.samples);
        return { id, kind: "steps", steps, cpuMs: performance.now() - start };
      }
      case "reset":
        await opened().reset();
        break;
      case "dispose":
        await detector?.dispose();
        detector = undefined;
        break;
    }
    return { id, kind: "done" };
  };
  const answerInTurn = async (request: WorkerRequest, before: Promise<unknown>): Promise<void> => {
    await before;
    const done = await answer(request).catch((error: unknown) => toFailure(request.id, error));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
    scope.postMessage(done);
  };
  scope.onmessage = ({ data }) => {
    queue = answerInTurn(data, queue);
  };
}
