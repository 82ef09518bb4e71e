import type { DetectorSet } from "../detector-set.ts";
import type { DetectorStream } from "../detector-stream.ts";
import { CallsignError } from "../errors.ts";
import type { ModelCard } from "../model-card.ts";
import { loadWebDetectorSet } from "./web-detector.ts";
import { createWebSession } from "./web-session.ts";
import {
  toWorkerError,
  type WorkerAnswer,
  type WorkerModels,
  type WorkerRequest,
} from "./worker-messages.ts";

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
}

/** The whole of a worker's module: call `serveDetector()` at its top level. `WorkerDetector` is its other end. */
export function serveDetector(scope: WorkerScope = globalThis): void {
  const worker = new LoadedModels();
  let queue: Promise<unknown> = Promise.resolve();
  const answerInTurn = async (request: WorkerRequest, before: Promise<unknown>): Promise<void> => {
    await before;
    const answer = await worker.carryOut(request).catch((error: unknown): WorkerAnswer => ({
      id: request.id,
      kind: "failed",
      error: toWorkerError(error),
    }));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
    scope.postMessage(answer);
  };
  scope.onmessage = ({ data }) => {
    queue = answerInTurn(data, queue);
  };
}

/** The worker's models and its one stream through them. */
class LoadedModels {
  #set: DetectorSet | undefined;
  #stream: DetectorStream | undefined;

  async carryOut(request: WorkerRequest): Promise<WorkerAnswer> {
    const { id, kind } = request;
    switch (kind) {
      case "start":
        break;
      case "load":
        return { id, kind: "loaded", ...(await this.#load(request.options)) };
      case "push": {
        const start = performance.now();
        const steps = await this.#opened.push(request.samples);
        return { id, kind: "steps", steps, busyMs: performance.now() - start };
      }
      case "reset":
        await this.#opened.reset();
        break;
      case "dispose":
        await this.#dispose();
        break;
    }
    return { id, kind: "done" };
  }

  get #opened(): DetectorStream {
    if (this.#stream) return this.#stream;
    throw new CallsignError("DISPOSED", "worker: no model is loaded");
  }

  async #load({
    models,
    providers,
    wasmUrl,
    ...options
  }: WorkerModels): Promise<{ cards: readonly ModelCard[]; notes: readonly string[] }> {
    await this.#dispose();
    const createSession = createWebSession({ ...(providers && { providers }), ...(wasmUrl && { wasmUrl }) });
    const notes: string[] = [];
    const onNote = (note: string): void => void notes.push(note);
    const set = await loadWebDetectorSet(models, { ...options, createSession, onNote });
    this.#set = set;
    this.#stream = await set.open();
    return { cards: set.cards, notes };
  }

  async #dispose(): Promise<void> {
    await this.#stream?.dispose();
    await this.#set?.dispose();
    this.#stream = this.#set = undefined;
  }
}
