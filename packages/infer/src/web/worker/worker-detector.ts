import type { DetectionSource } from "../../detector/detections.ts";
import type { Pcm, ModelDetection, DetectorStep } from "../../detector/detector.ts";
import { CallsignError, copySamples } from "@callsign/audio/internal";
import type { ModelCard } from "../../model/model-card.ts";
import { absoluteUrl } from "../model/absolute-url.ts";
import type { WebModel } from "../model/web-model.ts";
import { fromWorkerError, type WorkerAnswer, type WorkerModels, type WorkerRequest } from "./messages.ts";

export interface WorkerLoadOptions extends Omit<WorkerModels, "models"> {
  /** Single model; give either this or `models`. */
  readonly model?: WebModel;
  /** Several models; those with the same front-end share it. */
  readonly models?: readonly WebModel[];
  /** Time limit for the start of the worker's module. Default 30. Downloads are not limited; use `signal` for these. */
  readonly startTimeoutSeconds?: number;
  /** Aborts loading and terminates the worker. */
  readonly signal?: AbortSignal;
}

/**
 * Detector in a worker whose module calls `serveDetector()`, which keeps the page responsive. `detections(detector, chunks)`
 * accepts it like any other detector.
 */
export class WorkerDetector implements DetectionSource<ModelDetection> {
  /** Model cards, in the order given. */
  readonly cards: readonly ModelCard[];
  /** Notes on heads without a card, one sentence each. */
  readonly notes: readonly string[];
  readonly #link: WorkerLink;
  #busyMs = 0;

  private constructor(link: WorkerLink, loaded: Pick<WorkerDetector, "cards" | "notes">) {
    this.#link = link;
    this.cards = loaded.cards;
    this.notes = loaded.notes;
  }

  /**
   * Loads models and embedding in the worker. The detector owns the worker, which is terminated if loading fails.
   * @throws CallsignError as `loadWebDetector`, and `WORKER_FAILED` if the worker's module does not start
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

  /** Card of the first model. */
  get card(): ModelCard {
    return this.cards[0]!;
  }

  /** Total processing time in the worker, in milliseconds. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /**
   * Processes a chunk of 16 kHz mono audio (int16, or float32 in -1..1) of any length, which is copied, and returns the steps that it completes, of all models.
   * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`, `DISPOSED`, `SESSION_FAILED`, `WORKER_FAILED`
   */
  async push(chunk: Pcm): Promise<readonly DetectorStep[]> {
    const answer = await this.#link.ask({ kind: "push", samples: copySamples(chunk, { name: "chunk" }) });
    if (answer.kind !== "steps") return [];
    this.#busyMs += answer.busyMs;
    return answer.steps;
  }

  /** Restarts the stream at time zero. */
  async reset(): Promise<void> {
    await this.#link.ask({ kind: "reset" });
  }

  /** Waits for pending calls, frees the sessions and terminates the worker. */
  async dispose(): Promise<void> {
    await this.#link.ask({ kind: "dispose" }).catch(() => undefined);
    this.#link.end();
  }
}

/** Load options with absolute URLs: a worker would resolve relative ones against its own. */
function toWorkerModels(options: WorkerLoadOptions): WorkerModels {
  const {
    model,
    models,
    embedding,
    graphs,
    wasmUrl,
    startTimeoutSeconds: _,
    signal: __,
    ...others
  } = options;
  if ((model === undefined) === (models === undefined))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `expected model or models, got ${model === undefined ? "neither" : "both"}`,
    );
  return {
    ...others,
    models: (models ?? [model!]).map(withFullUrl),
    ...(embedding !== undefined && { embedding: inFull(embedding) }),
    ...(graphs !== undefined && { graphs: absoluteUrl(graphs).href }),
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

/** Request without `id`. */
type Request = WorkerRequest extends infer R ? (R extends unknown ? Omit<R, "id"> : never) : never;

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: CallsignError) => void;
}

/** Sends requests to a worker and matches its answers by `id`. */
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
    // The message is missing if the module itself cannot be loaded.
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
      // First, since it throws for options that cannot be cloned, such as functions.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
      this.#worker.postMessage({ ...request, id });
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Terminates the worker and rejects pending and later requests with `fault`. */
  end(fault = new CallsignError("DISPOSED", "worker: the detector was disposed of; load it again")): void {
    this.#worker.terminate();
    this.#fault ??= fault;
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
  }
}
