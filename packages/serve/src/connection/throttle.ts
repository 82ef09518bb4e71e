/** A budget that refills at a steady rate up to a burst; spending beyond it is a debt to be waited off. */
export class Throttle {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  #budget: number;
  #updatedMs: number;

  constructor(options: { readonly perSecond: number; readonly burst: number; readonly now?: () => number }) {
    this.#perMs = options.perSecond / 1000;
    this.#burst = options.burst;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = options.burst;
    this.#updatedMs = this.#now();
  }

  /** Spends and returns how many milliseconds to wait before the next, 0 while within the budget. */
  spend(amount: number): number {
    const nowMs = this.#now();
    this.#budget = Math.min(this.#burst, this.#budget + (nowMs - this.#updatedMs) * this.#perMs) - amount;
    this.#updatedMs = nowMs;
    return this.#budget >= 0 ? 0 : -this.#budget / this.#perMs;
  }
}
