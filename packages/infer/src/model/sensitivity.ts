import { closestName, CallsignError } from "@callsign/audio/internal";
import { commandLabels, type ModelCard } from "./model-card.ts";

/** How easily a detector fires; at most one of the two. Without either the card's own thresholds hold. */
export interface Sensitivity {
  /** A score 0 to 1, for every label, or label by label; labels not named keep the card's. */
  readonly threshold?: number | Readonly<Record<string, number>>;
  /** False alarms a day, 24 hours of such audio as the card's curve was measured on. */
  readonly falseAlarmsPerDay?: number;
}

/**
 * The card with the thresholds that a sensitivity comes to: for alarms a day, of each label's curve the lowest
 * threshold that stays within the rate. Thresholds of labels that the card does not have are ignored: they may be
 * another model's. @throws CallsignError `INVALID_ARGUMENT` where the card has no curve, or none of its points is
 * within the rate
 */
export function withSensitivity(card: ModelCard, sensitivity: Sensitivity): ModelCard {
  const { threshold, falseAlarmsPerDay } = sensitivity;
  if (threshold === undefined && falseAlarmsPerDay === undefined) return card;
  if (threshold !== undefined && falseAlarmsPerDay !== undefined)
    throw refusal(`${card.name}: give a threshold or false alarms a day, not both`);
  const own = card.decision.thresholds;
  const thresholdOf = (label: string): number => {
    if (threshold === undefined) return thresholdFor(card, { label, falseAlarmsPerDay });
    if (typeof threshold === "number") return threshold;
    return (Object.hasOwn(threshold, label) ? threshold[label] : own[label])!;
  };
  const thresholds = Object.fromEntries(commandLabels(card).map((label) => [label, thresholdOf(label)]));
  for (const [label, score] of Object.entries(thresholds))
    if (!(score >= 0 && score <= 1))
      throw refusal(
        `threshold${typeof threshold === "number" ? "" : ` of ${JSON.stringify(label)}`}: expected a score 0 to 1, got ${score}`,
      );
  return { ...card, decision: { ...card.decision, thresholds } };
}

/** @throws CallsignError `INVALID_ARGUMENT` for the threshold of a label that none of the cards can detect */
export function checkThresholdLabels(cards: readonly ModelCard[], { threshold = 0 }: Sensitivity): void {
  const known = cards.flatMap(commandLabels);
  for (const label of typeof threshold === "number" ? [] : Object.keys(threshold)) {
    if (known.includes(label)) continue;
    const near = closestName(label, known);
    throw refusal(
      `threshold: no label ${JSON.stringify(label)} to detect; known: ${known.map((name) => JSON.stringify(name)).join(", ")}` +
        (near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`),
    );
  }
}

function thresholdFor(
  { name, operatingPoints }: ModelCard,
  { label, falseAlarmsPerDay }: { readonly label: string; readonly falseAlarmsPerDay: number | undefined },
): number {
  const rate = falseAlarmsPerDay!;
  if (!(rate >= 0 && rate < Infinity))
    throw refusal(`false alarms a day: expected a number of 0 or more, got ${rate}`);
  const points = operatingPoints?.[label];
  if (points === undefined)
    throw refusal(
      `${name}: its card has no curve of false alarms for ${JSON.stringify(label)}; give a threshold instead, ` +
        `or train it with this version of Callsign`,
    );
  const within = points.filter(({ falseAcceptsPerHour }) => falseAcceptsPerHour * HOURS_A_DAY <= rate);
  if (within.length > 0) return Math.min(...within.map((point) => point.threshold));
  const fewest = Math.min(...points.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour)) * HOURS_A_DAY;
  throw refusal(
    `${name}: ${JSON.stringify(label)} has at least ${fewest.toFixed(1)} false alarms a day on its curve, ` +
      `asked for ${rate}; allow more`,
  );
}

const HOURS_A_DAY = 24;

const refusal = (message: string): CallsignError => new CallsignError("INVALID_ARGUMENT", message);
