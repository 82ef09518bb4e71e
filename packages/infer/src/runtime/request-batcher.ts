interface Waiting<Request> {
  readonly request: Request;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Coalesces concurrent requests: while a batch runs, new requests queue and form the next batch of at most `maxBatch`. A
 * single request runs at once. If a batch fails, its requests are retried one by one, so that only the faulty ones fail.
 */
export class RequestBatcher<Request> {
  readonly #run: (requests: readonly Request[]) => Promise<void>;
  readonly #maxBatch: number;
  #waiting: Waiting<Request>[] = [];
  #running = false;

  /** @param run executes up to `maxBatch` requests; must have no effect if it throws */
  constructor(run: (requests: readonly Request[]) => Promise<void>, maxBatch: number) {
    this.#run = run;
    this.#maxBatch = maxBatch;
  }

  /** Resolves when the request has been executed. @throws errors of `run` */
  submit(request: Request): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (!this.#running) void this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) await this.#execute(this.#waiting.splice(0, this.#maxBatch));
    this.#running = false;
  }

  async #execute(batch: readonly Waiting<Request>[]): Promise<void> {
    try {
      await this.#run(batch.map(({ request }) => request));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const one of batch) await this.#execute([one]);
    }
  }
}
