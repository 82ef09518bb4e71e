import { closestName, CallsignError } from "@callsign/audio/internal";
import { commandLabels, type ModelCard } from "./model-card.ts";

/** Sensitivity of a detector, as a threshold or a rate of false alarms but not both. Default the card's thresholds. */
export interface Sensitivity {
  /** Threshold 0 to 1 for all labels, or per label; other labels keep the card's. */
  readonly threshold?: number | Readonly<Record<string, number>>;
  /** Accepted false alarms per day, that is in 24 hours of audio like that of the card's curve. */
  readonly falseAlarmsPerDay?: number;
}

/**
 * Copy of a card with the thresholds of a sensitivity. A rate of false alarms selects, for each label, the lowest threshold on
 * its curve that keeps the rate. Labels that the card does not have are ignored, since they may belong to another model.
 * @throws CallsignError `INVALID_ARGUMENT` if the card has no curve, or no point within the rate
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

/** Checks the labels of per-label thresholds. @throws CallsignError `INVALID_ARGUMENT` for a label that no card can detect */
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
  const within = points.filter(({ falseAcceptsPerHour }) => falseAcceptsPerHour * HOURS_PER_DAY <= rate);
  if (within.length > 0) return Math.min(...within.map((point) => point.threshold));
  const fewest = Math.min(...points.map(({ falseAcceptsPerHour }) => falseAcceptsPerHour)) * HOURS_PER_DAY;
  throw refusal(
    `${name}: ${JSON.stringify(label)} has at least ${fewest.toFixed(1)} false alarms a day on its curve, ` +
      `asked for ${rate}; allow more`,
  );
}

const HOURS_PER_DAY = 24;

const refusal = (message: string): CallsignError => new CallsignError("INVALID_ARGUMENT", message);
