import { type DetectorStep, type MuteGate, muteGatesOf, type ModelCard } from "@callsign/infer/internal";

/** Start or end of a mute. */
export interface MuteDecision {
  readonly model: string;
  readonly timestampMs: number;
  readonly mute: boolean;
}

/** Mute gates of a stream's models; reports changes only. */
export class MuteSwitch {
  readonly #gates: ReadonlyMap<string, MuteGate>;
  /** Names of the models that currently mute. */
  readonly #muted = new Set<string>();
  #latestMs = 0;

  /** @param cards cards of the stream, with its thresholds */
  constructor(cards: readonly ModelCard[]) {
    this.#gates = muteGatesOf(cards);
  }

  step({ model, timestampMs, scores }: DetectorStep): MuteDecision | undefined {
    this.#latestMs = timestampMs;
    const mute = this.#gates.get(model)!.step(scores, timestampMs).muted;
    if (mute === this.#muted.has(model)) return undefined;
    if (mute) this.#muted.add(model);
    else this.#muted.delete(model);
    return { model, timestampMs, mute };
  }

  /** Resets all gates and returns the ends of current mutes. */
  reset(): MuteDecision[] {
    for (const gate of this.#gates.values()) gate.reset();
    const ended = [...this.#muted].map((model) => ({ model, timestampMs: this.#latestMs, mute: false }));
    this.#muted.clear();
    this.#latestMs = 0;
    return ended;
  }
}
