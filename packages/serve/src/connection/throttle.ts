/** Token bucket that may go into debt: it refills at a constant rate up to `burst`. */
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

  /** Spends `amount` and returns the time until the budget is positive again, in milliseconds; 0 within the budget. */
  spend(amount: number): number {
    const nowMs = this.#now();
    this.#budget = Math.min(this.#burst, this.#budget + (nowMs - this.#updatedMs) * this.#perMs) - amount;
    this.#updatedMs = nowMs;
    return this.#budget >= 0 ? 0 : -this.#budget / this.#perMs;
  }
}
