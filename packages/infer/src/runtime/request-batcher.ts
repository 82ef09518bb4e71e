interface Waiting<Request> {
  readonly request: Request;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Carries out independent requests together: what is asked for while a run is under way waits for its end, and then goes
 * as one run. So a single request is never held up, and under load the fixed cost of a run is shared. When a run of
 * several fails, each is tried alone, so that only those fail that would.
 */
export class RequestBatcher<Request> {
  readonly #run: (requests: readonly Request[]) => Promise<void>;
  readonly #maxBatch: number;
  #waiting: Waiting<Request>[] = [];
  #running = false;

  /** @param run carries out up to `maxBatch` requests, and leaves no trace of any where it throws */
  constructor(run: (requests: readonly Request[]) => Promise<void>, maxBatch: number) {
    this.#run = run;
    this.#maxBatch = maxBatch;
  }

  /** Resolves when the request has been carried out. @throws what `run` throws */
  submit(request: Request): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (!this.#running) void this.#runAll();
    });
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) await this.#carryOut(this.#waiting.splice(0, this.#maxBatch));
    this.#running = false;
  }

  async #carryOut(together: readonly Waiting<Request>[]): Promise<void> {
    try {
      await this.#run(together.map(({ request }) => request));
      for (const { resolve } of together) resolve();
    } catch (error) {
      if (together.length === 1) together[0]!.reject(error);
      else for (const one of together) await this.#carryOut([one]);
    }
  }
}
