/** Tracks pending work on shared resources, so that they are freed only when none is left. */
export class Lifetime {
  #active = 0;
  #onIdle: (() => void) | undefined;
  #disposal: Promise<void> | undefined;

  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this.#disposal !== undefined;
  }

  /** Registers pending work and returns it. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    this.#active++;
    work.then(this.#done, this.#done);
    return work;
  }

  /** Waits until all tracked work has settled, then calls `free`. Repeated calls return the same promise. */
  dispose(free: () => Promise<void>): Promise<void> {
    this.#disposal ??= this.#whenIdle().then(free);
    return this.#disposal;
  }

  readonly #done = (): void => {
    if (--this.#active === 0) this.#onIdle?.();
  };

  #whenIdle(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    // oxlint-disable-next-line promise/avoid-new -- resolved by the last work to end
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
