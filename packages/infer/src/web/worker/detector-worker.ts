import type { Detector } from "../../detector/detector.ts";
import type { DetectorStream } from "../../detector/detector-stream.ts";
import { CallsignError } from "@callsign/audio/internal";
import type { ModelCard } from "../../model/model-card.ts";
import { loadWebDetector } from "../model/web-detector.ts";
import { createWebSession } from "../runtime/web-session.ts";
import { toWorkerError, type WorkerAnswer, type WorkerModels, type WorkerRequest } from "./messages.ts";

/** The part of a worker's global scope that is used. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent<never>) => void) | null;
  postMessage(answer: unknown): void;
}

/** Answers the requests of a `WorkerDetector`. Call `serveDetector()` at the top level of the worker's module. */
export function serveDetector(scope: WorkerScope = globalThis): void {
  const worker = new LoadedModels();
  let queue: Promise<unknown> = Promise.resolve();
  const answerInTurn = async (request: WorkerRequest, before: Promise<unknown>): Promise<void> => {
    await before;
    const answer = await worker.handle(request).catch((error: unknown): WorkerAnswer => ({
      id: request.id,
      kind: "failed",
      error: toWorkerError(error),
    }));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
    scope.postMessage(answer);
  };
  scope.onmessage = ({ data }: MessageEvent<WorkerRequest>) => {
    queue = answerInTurn(data, queue);
  };
}

/** Detector of the worker and its stream. */
class LoadedModels {
  #detector: Detector | undefined;
  #stream: DetectorStream | undefined;

  async handle(request: WorkerRequest): Promise<WorkerAnswer> {
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
    this.#detector = await loadWebDetector(models, { ...options, createSession, onNote });
    this.#stream = this.#detector.open();
    return { cards: this.#detector.cards, notes };
  }

  async #dispose(): Promise<void> {
    await this.#stream?.dispose();
    await this.#detector?.dispose();
    this.#stream = this.#detector = undefined;
  }
}
