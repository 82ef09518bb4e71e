import type { Hearing } from "../detections.ts";
import type { Pcm } from "../detector.ts";
import { CallsignError } from "../errors.ts";
import type { ModelDetection, ModelStep } from "../feature-track.ts";
import type { ModelCard } from "../model-card.ts";
import { absoluteUrl } from "./absolute-url.ts";
import type { WebModel } from "./web-model.ts";
import {
  fromWorkerError,
  type WorkerAnswer,
  type WorkerModels,
  type WorkerRequest,
} from "./worker-messages.ts";

export interface WorkerLoadOptions extends Omit<WorkerModels, "models"> {
  /** The model, where there is one. */
  readonly model?: WebModel;
  /** Several models; those with the same front-end share its work. */
  readonly models?: readonly WebModel[];
  /** Seconds to wait for the worker's module to start. Default 30. Downloads are not limited: give a `signal` for that. */
  readonly startTimeoutSeconds?: number;
  /** Gives up loading and ends the worker. */
  readonly signal?: AbortSignal;
}

/**
 * Detectors in a worker whose module calls `serveDetector()`: the page sends audio and gets steps, and stays responsive.
 * `detections(detector, chunks)` works on it as on any detector.
 */
export class WorkerDetector implements Hearing<ModelDetection> {
  /** Cards of the models, in the order they were given. */
  readonly cards: readonly ModelCard[];
  /** A sentence for each thing that the user of a bare head should know. */
  readonly notes: readonly string[];
  readonly #link: WorkerLink;
  #busyMs = 0;

  private constructor(link: WorkerLink, loaded: Pick<WorkerDetector, "cards" | "notes">) {
    this.#link = link;
    this.cards = loaded.cards;
    this.notes = loaded.notes;
  }

  /**
   * Loads models and embedding in the worker, which belongs to the detector from here on and is ended where this fails.
   * @throws CallsignError as `loadWebDetectorSet`, and `WORKER_FAILED` where the worker's module does not start
   */
  static async load(worker: Worker, options: WorkerLoadOptions): Promise<WorkerDetector> {
    const { startTimeoutSeconds = 30, signal } = options;
    const link = new WorkerLink(worker);
    const abort = (): void => link.end(aborted(signal));
    const timeout = setTimeout(() => link.end(notStarted(startTimeoutSeconds)), startTimeoutSeconds * 1000);
    try {
      const request = { kind: "load", options: toWorkerModels(options) } as const;
      if (signal?.aborted === true) throw aborted(signal);
      signal?.addEventListener("abort", abort);
      await link.ask({ kind: "start" });
      clearTimeout(timeout);
      const answer = await link.ask(request);
      if (answer.kind !== "loaded") throw new CallsignError("WORKER_FAILED", "worker: unexpected answer");
      return new WorkerDetector(link, answer);
    } catch (error) {
      link.end();
      throw error;
    } finally {
      clearTimeout(timeout);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Card of the model, or of the first of several. */
  get card(): ModelCard {
    return this.cards[0]!;
  }

  /** Milliseconds that the worker has spent on audio. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /**
   * Takes a chunk of 16 kHz mono audio of any length (copied at once) and returns the steps it completes, of all models.
   * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_NOT_FINITE`, `DISPOSED`, `SESSION_FAILED`, `WORKER_FAILED`
   */
  async push(chunk: Pcm): Promise<readonly ModelStep[]> {
    if (!(chunk instanceof Float32Array || chunk instanceof Int16Array))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        "chunk: expected a Float32Array or an Int16Array of samples; PcmDecoder reads bytes",
      );
    const answer = await this.#link.ask({ kind: "push", samples: Float32Array.from(chunk) });
    if (answer.kind !== "steps") return [];
    this.#busyMs += answer.busyMs;
    return answer.steps;
  }

  /** Starts again at time zero. */
  async reset(): Promise<void> {
    await this.#link.ask({ kind: "reset" });
  }

  /** Waits for what was asked before, frees everything and ends the worker. */
  async dispose(): Promise<void> {
    await this.#link.ask({ kind: "dispose" }).catch(() => undefined);
    this.#link.end();
  }
}

/** With addresses in full: the worker has one of its own, which relative ones would be relative to. */
function toWorkerModels(options: WorkerLoadOptions): WorkerModels {
  const { model, models, embedding, wasmUrl, startTimeoutSeconds: _, signal: __, ...others } = options;
  if ((model === undefined) === (models === undefined))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `expected model or models, got ${model === undefined ? "neither" : "both"}`,
    );
  return {
    ...others,
    models: (models ?? [model!]).map(withFullUrl),
    embedding: inFull(embedding),
    ...(wasmUrl !== undefined && { wasmUrl: inFull(wasmUrl) }),
  };
}

function withFullUrl(model: WebModel): WebModel {
  if (typeof model === "string") return absoluteUrl(model).href;
  return model.bytes === undefined ? { ...model, url: absoluteUrl(model.url).href } : model;
}

function inFull<Key extends string>(
  url: string | Readonly<Partial<Record<Key, string>>>,
): string | Partial<Record<Key, string>> {
  if (typeof url === "string") return absoluteUrl(url).href;
  const entries = Object.entries<string | undefined>(url);
  return Object.fromEntries(
    entries.flatMap(([key, one]) => (one === undefined ? [] : [[key, absoluteUrl(one).href]])),
  ) as Partial<Record<Key, string>>;
}

const aborted = (signal: AbortSignal | undefined): CallsignError =>
  new CallsignError("ABORTED", "worker: loading the detector was aborted", { cause: signal?.reason });

const notStarted = (seconds: number): CallsignError =>
  new CallsignError(
    "WORKER_FAILED",
    `worker: its module did not answer within ${seconds} s; it must call serveDetector() at its top level`,
  );

/** A request without its number. */
type Request = WorkerRequest extends infer R ? (R extends unknown ? Omit<R, "id"> : never) : never;

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: CallsignError) => void;
}

/** Requests to a worker and its answers, matched by number. */
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
      if (data.kind === "failed") waiting?.reject(fromWorkerError(data.error));
      else waiting?.resolve(data);
    };
    // Without a message where the module itself cannot be loaded.
    worker.onerror = ({ message }) =>
      this.end(
        new CallsignError(
          "WORKER_FAILED",
          `worker: ${message || "its module cannot be loaded; check its address, and worker-src in the page's Content-Security-Policy"}`,
        ),
      );
    worker.onmessageerror = () =>
      this.end(new CallsignError("WORKER_FAILED", "worker: an answer could not be read"));
  }

  ask(request: Request): Promise<WorkerAnswer> {
    if (this.#fault) return Promise.reject(this.#fault);
    const id = ++this.#last;
    // oxlint-disable-next-line promise/avoid-new -- a worker answers by an event
    return new Promise((resolve, reject) => {
      // First: it throws where the options hold what cannot be sent, such as a function.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
      this.#worker.postMessage({ ...request, id });
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Ends the worker; what waits for it, and every later request, is refused with the fault. */
  end(fault = new CallsignError("DISPOSED", "worker: the detector was disposed of; load it again")): void {
    this.#worker.terminate();
    this.#fault ??= fault;
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
  }
}
