import type { Progress } from "@callsign/infer/internal";
import type { StageSeconds } from "@callsign/train/internal";

/** Share of a stage after which its speed is known well enough to correct the estimate. */
const KNOWN_SHARE = 0.02;

/**
 * Time that the stages of a new detector still take: of the current one by its speed so far, of later ones as estimated,
 * corrected by how much longer or shorter than estimated the current one takes.
 */
export class RemainingTime {
  readonly #stages: readonly (readonly [string, number])[];
  readonly #now: () => number;
  #stage = "";
  #startedMs = 0;
  #startedAt = 0;
  #pace = 1;

  constructor({ synthesize, features, train }: StageSeconds, now: () => number = () => performance.now()) {
    this.#stages = Object.entries({ synthesize, features, train });
    this.#now = now;
  }

  /** Seconds left in all stages; undefined in a stage without an estimate. */
  after({ stage, done, total }: Progress): number | undefined {
    const index = this.#stages.findIndex(([name]) => name === stage);
    if (index < 0 || total === undefined || total === 0) return undefined;
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#startedMs = this.#now();
      this.#startedAt = done;
    }
    const estimated = this.#stages[index]![1];
    const share = (done - this.#startedAt) / total;
    if (share >= KNOWN_SHARE) {
      const expected = (this.#now() - this.#startedMs) / 1000 / share;
      this.#pace = expected / Math.max(1e-3, estimated);
    }
    const later = this.#stages.slice(index + 1).reduce((sum, [, seconds]) => sum + seconds, 0);
    return this.#pace * ((1 - done / total) * estimated + later);
  }
}
