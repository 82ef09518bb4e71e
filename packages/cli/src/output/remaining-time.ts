import type { Progress } from "@callsign/infer/internal";
import type { StageSeconds } from "@callsign/train/internal";

/** Share of a stage after which its speed is measured well enough to correct the estimates. */
const MIN_SHARE = 0.02;

/**
 * Estimate of the time left in the stages of a new detector. The estimates of the current stage and of later ones are scaled
 * by the ratio of the measured to the estimated duration of the current stage.
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
    if (share >= MIN_SHARE) {
      const expected = (this.#now() - this.#startedMs) / 1000 / share;
      this.#pace = expected / Math.max(1e-3, estimated);
    }
    const later = this.#stages.slice(index + 1).reduce((sum, [, seconds]) => sum + seconds, 0);
    return this.#pace * ((1 - done / total) * estimated + later);
  }
}
