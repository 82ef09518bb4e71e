import type { ModelStep } from "../../feature-track.ts";
import { type Gate, gateOf } from "../../gate.ts";
import type { ModelCard } from "../../model-card.ts";

/** A change of what a stream's listener should do. */
export interface MuteDecision {
  readonly model: string;
  readonly timestampMs: number;
  readonly mute: boolean;
}

/** Says when a stream's models want it muted: each card's own gate decides, told on change only. */
export class MuteSwitch {
  readonly #gates: ReadonlyMap<string, Gate>;
  /** Models that are muted now. */
  readonly #muted = new Set<string>();
  #latestMs = 0;

  /** @param cards with the thresholds that the stream is heard with */
  constructor(cards: readonly ModelCard[]) {
    this.#gates = new Map(cards.map((card) => [card.name, gateOf(card)]));
  }

  step({ model, timestampMs, scores }: ModelStep): MuteDecision | undefined {
    this.#latestMs = timestampMs;
    const mute = this.#gates.get(model)!.step(scores, timestampMs).muted;
    if (mute === this.#muted.has(model)) return undefined;
    if (mute) this.#muted.add(model);
    else this.#muted.delete(model);
    return { model, timestampMs, mute };
  }

  /** Starts again with nothing muted; returns what ends by that. */
  reset(): MuteDecision[] {
    for (const gate of this.#gates.values()) gate.reset();
    const ended = [...this.#muted].map((model) => ({ model, timestampMs: this.#latestMs, mute: false }));
    this.#muted.clear();
    this.#latestMs = 0;
    return ended;
  }
}
