import { reachable } from "../detector/decision.ts";
import { CallsignError } from "@callsign/audio/internal";
import type { ModelCard } from "../model/model-card.ts";

/** Parameters of a mute gate, in addition to the labels' thresholds. */
export interface MuteGatePolicy {
  /** Hysteresis, 0 to 1: muting ends once every score has been below this fraction of its threshold for `holdSeconds`. */
  readonly release: number;
  /** Time for which the scores must stay low before muting ends; the last sounds of a command score low. */
  readonly holdSeconds: number;
  /** Longest mute. After it the gate stays open until the scores have dropped. */
  readonly longestSeconds: number;
}

/** Mutes exactly while a score reaches its threshold, for at most 30 s. */
export const DEFAULT_MUTE_GATE: MuteGatePolicy = { release: 1, holdSeconds: 0, longestSeconds: 30 };

/** State of a mute gate for the audio of one step. */
export interface MuteGateStep {
  readonly muted: boolean;
  /** Label of the command being muted; undefined while not muted. */
  readonly label: string | undefined;
}

/**
 * Threshold of minimum expected cost: the probability above which muting is cheaper than not muting. The challenge's costs,
 * 18 for a missed command and 1 for a needless mute, give 1/19. Scores must be calibrated.
 * @throws CallsignError `INVALID_ARGUMENT`
 */
export function costThreshold({ missed, needless }: { missed: number; needless: number }): number {
  if (missed > 0 && needless > 0 && missed + needless < Infinity) return needless / (missed + needless);
  throw new CallsignError(
    "INVALID_ARGUMENT",
    `gate: expected costs above 0, got ${missed} for a missed command and ${needless} for a needless mute`,
  );
}

/** Decides per step whether to mute. Unlike a `Decision`, which reports a command once, it mutes as long as the command lasts. */
export class MuteGate {
  readonly #labels: readonly string[];
  readonly #shutAt: Float64Array;
  readonly #openBelow: Float64Array;
  readonly #holdMs: number;
  readonly #longestMs: number;
  #label: string | undefined;
  #shutSinceMs = 0;
  #lastHighMs = 0;
  /** The longest mute has passed and the scores have not dropped since. */
  #isExhausted = false;

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

  /** State after one step. @param scores one per label, in order. @param timestampMs must increase from step to step */
  step(scores: ArrayLike<number>, timestampMs: number): MuteGateStep {
    const highest = this.#highest(scores, this.#shutAt);
    const isHigh = highest >= 0 || (this.#label !== undefined && this.#highest(scores, this.#openBelow) >= 0);
    if (isHigh) this.#lastHighMs = timestampMs;
    else this.#isExhausted = false;
    if (this.#label === undefined) {
      if (highest >= 0 && !this.#isExhausted) {
        this.#label = this.#labels[highest];
        this.#shutSinceMs = timestampMs;
      }
    } else if (timestampMs - this.#shutSinceMs >= this.#longestMs) {
      this.#label = undefined;
      this.#isExhausted = isHigh;
    } else if (!isHigh && timestampMs - this.#lastHighMs >= this.#holdMs) {
      this.#label = undefined;
    }
    return { muted: this.#label !== undefined, label: this.#label };
  }

  /** Opens the gate, as at the start. */
  reset(): void {
    this.#label = undefined;
    this.#isExhausted = false;
  }

  /** Index of the label whose score exceeds its bound the most; -1 if none reaches its bound. */
  #highest(scores: ArrayLike<number>, bounds: Float64Array): number {
    let best = -1;
    for (let i = 0; i < bounds.length; i++)
      if (scores[i]! >= bounds[i]! && (best < 0 || scores[i]! - bounds[i]! > scores[best]! - bounds[best]!))
        best = i;
    return best;
  }
}

interface MuteGateOverrides {
  readonly policy?: MuteGatePolicy;
  readonly thresholds?: readonly number[];
}

/** Mute gate of a card. @param options overrides of the card; thresholds are one per label, in the card's order */
export function muteGateOf(
  { labels, decision, gate }: Pick<ModelCard, "labels" | "decision" | "gate">,
  options: MuteGateOverrides = {},
): MuteGate {
  const { policy = gate ?? DEFAULT_MUTE_GATE } = options;
  const { thresholds = labels.map((label) => decision.thresholds[label]!) } = options;
  // The background never mutes.
  const bounds = thresholds.map((threshold, i) => (labels[i] === decision.background ? Infinity : threshold));
  return new MuteGate(labels, { ...policy, thresholds: bounds });
}

/**
 * Mute gates of a stream's models, by model name. @param options overrides of the cards; thresholds are one per label, one
 * model's labels after another's
 * @throws CallsignError `INVALID_ARGUMENT` for a number of thresholds other than that of all labels
 */
export function muteGatesOf(
  cards: readonly ModelCard[],
  { policy, thresholds }: MuteGateOverrides = {},
): ReadonlyMap<string, MuteGate> {
  const count = cards.reduce((sum, { labels }) => sum + labels.length, 0);
  if (thresholds !== undefined && thresholds.length !== count)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `muter: expected ${count} thresholds, one per label, got ${thresholds.length}`,
    );
  let from = 0;
  return new Map(
    cards.map((card) => {
      const own = thresholds?.slice(from, from + card.labels.length);
      from += card.labels.length;
      return [card.name, muteGateOf(card, { ...(policy && { policy }), ...(own && { thresholds: own }) })];
    }),
  );
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
