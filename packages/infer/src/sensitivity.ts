import { CallsignError } from "./errors.ts";
import type { ModelCard } from "./model-card.ts";

/** How easily a detector fires; at most one of the two. Without either the card's own thresholds hold. */
export interface Sensitivity {
  /** A score 0 to 1, for every label. */
  readonly threshold?: number;
  /** False alarms a day, 24 hours of such audio as the card's curve was measured on. */
  readonly falseAlarmsPerDay?: number;
}

/**
 * The card with the thresholds that a sensitivity comes to: for alarms a day, of each label's curve the lowest
 * threshold that stays within the rate. @throws CallsignError `INVALID_ARGUMENT` where the card has no curve, or none
 * of its points is within the rate
 */
export function withSensitivity(card: ModelCard, sensitivity: Sensitivity): ModelCard {
  const { threshold, falseAlarmsPerDay } = sensitivity;
  if (threshold === undefined && falseAlarmsPerDay === undefined) return card;
  if (threshold !== undefined && falseAlarmsPerDay !== undefined)
    throw refusal(`${card.name}: give a threshold or false alarms a day, not both`);
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 1))
    throw refusal(`threshold: expected a score 0 to 1, got ${threshold}`);
  const thresholds = Object.fromEntries(
    card.labels.map((label) => [label, threshold ?? thresholdFor(card, { label, falseAlarmsPerDay })]),
  );
  return { ...card, decision: { ...card.decision, thresholds } };
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
