import { type DetectorStep, type MuteGate, muteGateOf, type ModelCard } from "@callsign/infer/internal";

/** A change of what a stream's listener should do. */
export interface MuteDecision {
  readonly model: string;
  readonly timestampMs: number;
  readonly mute: boolean;
}

/** Says when a stream's models want it muted: each card's own gate decides, told on change only. */
export class MuteSwitch {
  readonly #gates: ReadonlyMap<string, MuteGate>;
  /** Models that are muted now. */
  readonly #muted = new Set<string>();
  #latestMs = 0;

  /** @param cards with the thresholds that the stream is heard with */
  constructor(cards: readonly ModelCard[]) {
    this.#gates = new Map(cards.map((card) => [card.name, muteGateOf(card)]));
  }

  step({ model, timestampMs, scores }: DetectorStep): MuteDecision | undefined {
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
