import { reachable } from "../../decision.ts";
import type { ModelStep } from "../../feature-track.ts";

/** A change of what a stream's listener should do. */
export interface MuteDecision {
  readonly model: string;
  readonly timestampMs: number;
  readonly mute: boolean;
}

/** Says when a model's scores want a stream muted: as long as a label's score is at its threshold; told on change only. */
export class MuteSwitch {
  readonly #thresholds: ReadonlyMap<string, readonly number[]>;
  readonly #muted = new Map<string, boolean>();

  /** @param thresholds of each model, one a label in the card's order */
  constructor(thresholds: ReadonlyMap<string, readonly number[]>) {
    this.#thresholds = thresholds;
  }

  step({ model, timestampMs, scores, skipped }: ModelStep): MuteDecision | undefined {
    const thresholds = this.#thresholds.get(model) ?? [];
    const mute = !skipped && thresholds.some((threshold, i) => scores[i]! >= reachable(threshold));
    if (mute === (this.#muted.get(model) ?? false)) return undefined;
    this.#muted.set(model, mute);
    return { model, timestampMs, mute };
  }

  reset(): void {
    this.#muted.clear();
  }
}
