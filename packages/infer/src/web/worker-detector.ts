import type { Hearing } from "../detections.ts";
import type { Detection } from "../decision.ts";
import type { DetectorStep, Pcm } from "../detector.ts";
import { CallsignError } from "../errors.ts";
import type { ModelCard } from "../model-card.ts";
import type { WorkerAnswer, WorkerLoadOptions, WorkerRequest } from "./worker-messages.ts";

/** A request without its number. */
type Request = WorkerRequest extends infer R ? (R extends unknown ? Omit<R, "id"> : never) : never;

/**
 * A detector in a worker whose module calls `serveDetector()`: the page sends audio and gets steps, and never stutters.
 * `detections(detector, chunks)` works on it as on any detector.
 */
export class WorkerDetector implements Hearing<Detection> {
  readonly card: ModelCard;
  readonly #link: WorkerLink;
  #busyMs = 0;

  private constructor(link: WorkerLink, card: ModelCard) {
    this.#link = link;
    this.card = card;
  }

  /** Loads model and embedding in the worker, which is the detector's from here on. @throws CallsignError as `loadWebDetector` */
  static async load(worker: Worker, options: WorkerLoadOptions): Promise<WorkerDetector> {
    const link = new WorkerLink(worker);
    try {
      const { model, embedding, wasmUrl } = options;
      const absolute = {
        model: absoluteUrl(model),
        embedding: absoluteUrl(embedding),
        ...(wasmUrl !== undefined && { wasmUrl: absoluteUrl(wasmUrl) }),
      };
      const answer = await link.ask({ kind: "load", options: { ...options, ...absolute } });
      if (answer.kind !== "loaded") throw new CallsignError("SESSION_FAILED", "worker: did not load");
      return new WorkerDetector(link, answer.card);
    } catch (error) {
      link.end();
      throw error;
    }
  }

  /** Milliseconds that the worker has spent hearing audio. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Hears a chunk of 16 kHz mono audio; as `Detector.push`. */
  async push(chunk: Pcm): Promise<readonly DetectorStep[]> {
    const answer = await this.#link.ask({ kind: "push", samples: Float32Array.from(chunk) });
    if (answer.kind !== "steps") return [];
    this.#busyMs += answer.cpuMs;
    return answer.steps;
  }

  /** Starts again at time zero. */
  async reset(): Promise<void> {
    await this.#link.ask({ kind: "reset" });
  }

  /** Frees everything and ends the worker. */
  async dispose(): Promise<void> {
    await this.#link.ask({ kind: "dispose" }).catch(() => undefined);
    this.#link.end();
  }
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: CallsignError) => void;
}

/** Questions to a worker and its answers, matched by number. */
class WorkerLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #fault: CallsignError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.kind === "failed") waiting?.reject(new CallsignError(data.code, data.message));
      else waiting?.resolve(data);
    };
    worker.onerror = (event) => this.#fail(`worker: broke down: ${event.message}`);
  }

  ask(request: Request): Promise<WorkerAnswer> {
    if (this.#fault) return Promise.reject(this.#fault);
    const id = ++this.#last;
    // oxlint-disable-next-line promise/avoid-new -- a worker answers by an event
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
      this.#worker.postMessage({ ...request, id });
    });
  }

  end(): void {
    this.#worker.terminate();
    this.#fail("worker: the detector was disposed of", "DISPOSED");
  }

  #fail(message: string, code: "SESSION_FAILED" | "DISPOSED" = "SESSION_FAILED"): void {
    this.#fault = new CallsignError(code, message);
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
  }
}

/** The worker has an address of its own, so relative ones would mean something else there. */
const absoluteUrl = (url: string): string => new URL(url, globalThis.location?.href).href;
