import { reachable } from "../detector/decision.ts";
import { CallsignError } from "@callsign/audio/internal";
import type { ModelCard } from "../model/model-card.ts";

/** How a gate that mutes commands out of live speech behaves, beside the labels' thresholds. */
export interface MuteGatePolicy {
  /** A shut gate opens once every score is below this share of its label's threshold (hysteresis), 0 to 1. */
  readonly release: number;
  /** And has been for so long: a command's last sounds score low. */
  readonly holdSeconds: number;
  /** A gate shut for so long opens, and does not shut again until the scores have come down. */
  readonly longestSeconds: number;
}

/** Shuts and opens with the threshold, at once; lets go after half a minute. */
export const DEFAULT_MUTE_GATE: MuteGatePolicy = { release: 1, holdSeconds: 0, longestSeconds: 30 };

/** What a gate does with the audio of one step. */
export interface MuteGateStep {
  readonly muted: boolean;
  /** The command it shut for; undefined while it is open. */
  readonly label: string | undefined;
}

/**
 * The probability from which muting is cheaper than not (minimum expected cost): with the challenge's costs, 18 for a
 * command let through and 1 for a needless mute, 1/19. Scores must be calibrated.
 * @throws CallsignError `INVALID_ARGUMENT`
 */
export function costThreshold({ missed, needless }: { missed: number; needless: number }): number {
  if (missed > 0 && needless > 0 && missed + needless < Infinity) return needless / (missed + needless);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `gate: expected costs above 0, got ${missed} for a missed command and ${needless} for a needless mute`,
  );
}

/**
 * Decides step by step whether to mute. Unlike a `Decision`, which reports a command once, a gate stays shut for as long
 * as the command lasts.
 */
export class MuteGate {
  readonly #labels: readonly string[];
  readonly #shutAt: Float64Array;
  readonly #openBelow: Float64Array;
  readonly #holdMs: number;
  readonly #longestMs: number;
  #label: string | undefined;
  #shutSinceMs = 0;
  #lastHighMs = 0;
  #isTired = false;

  /** @throws CallsignError `INVALID_ARGUMENT` for a value out of range */
  constructor(
    labels: readonly string[],
    options: MuteGatePolicy & { readonly thresholds: ArrayLike<number> },
  ) {
    const { thresholds, release, holdSeconds, longestSeconds } = options;
    checkPolicy(options);
    this.#labels = labels;
    this.#shutAt = Float64Array.from(labels, (_, i) => reachable(thresholds[i]!));
    this.#openBelow = this.#shutAt.map((threshold) => threshold * release);
    this.#holdMs = Math.round(holdSeconds * 1000);
    this.#longestMs = Math.round(longestSeconds * 1000);
  }

  /** Takes one score a label, in the labels' order; steps must come in the order of their timestamps. */
  step(scores: ArrayLike<number>, timestampMs: number): MuteGateStep {
    const loudest = this.#loudest(scores, this.#shutAt);
    const isHigh = loudest >= 0 || (this.#label !== undefined && this.#loudest(scores, this.#openBelow) >= 0);
    if (isHigh) this.#lastHighMs = timestampMs;
    else this.#isTired = false;
    if (this.#label === undefined) {
      if (loudest >= 0 && !this.#isTired) {
        this.#label = this.#labels[loudest];
        this.#shutSinceMs = timestampMs;
      }
    } else if (timestampMs - this.#shutSinceMs >= this.#longestMs) {
      this.#label = undefined;
      this.#isTired = isHigh;
    } else if (!isHigh && timestampMs - this.#lastHighMs >= this.#holdMs) {
      this.#label = undefined;
    }
    return { muted: this.#label !== undefined, label: this.#label };
  }

  /** Open, as at the start. */
  reset(): void {
    this.#label = undefined;
    this.#isTired = false;
  }

  /** Of the labels that reach their bound the one furthest above it, by its place; -1 for none. */
  #loudest(scores: ArrayLike<number>, bounds: Float64Array): number {
    let best = -1;
    for (let i = 0; i < bounds.length; i++)
      if (scores[i]! >= bounds[i]! && (best < 0 || scores[i]! - bounds[i]! > scores[best]! - bounds[best]!))
        best = i;
    return best;
  }
}

/** The gate that a card describes, or another on request; thresholds are one for each label, in the card's order. */
export function muteGateOf(
  { labels, decision, gate }: Pick<ModelCard, "labels" | "decision" | "gate">,
  options: { readonly policy?: MuteGatePolicy; readonly thresholds?: readonly number[] } = {},
): MuteGate {
  const { policy = gate ?? DEFAULT_MUTE_GATE } = options;
  const { thresholds = labels.map((label) => decision.thresholds[label]!) } = options;
  // The background never shuts a gate.
  const bounds = thresholds.map((threshold, i) => (labels[i] === decision.background ? Infinity : threshold));
  return new MuteGate(labels, { ...policy, thresholds: bounds });
}

function checkPolicy({ release, holdSeconds, longestSeconds }: MuteGatePolicy): void {
  const refuse = (what: string): never => {
    throw new CallsignError("INVALID_ARGUMENT", `gate: ${what}`);
  };
  if (!(release >= 0 && release <= 1)) refuse(`release must be 0 to 1, got ${release}`);
  if (!(holdSeconds >= 0 && holdSeconds < Infinity))
    refuse(`holdSeconds must be 0 or more, got ${holdSeconds}`);
  if (!(longestSeconds > 0 && longestSeconds < Infinity))
    refuse(`longestSeconds must be above 0, got ${longestSeconds}`);
}
