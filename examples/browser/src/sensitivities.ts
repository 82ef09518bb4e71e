import { type ModelCard, type Sensitivity, withSensitivity } from "@callsign/infer";

/** What the sensitivity menu offers for models: their own thresholds, and rates or thresholds that all of them allow. */
export function sensitivitiesOf(
  cards: readonly ModelCard[],
): { readonly text: string; readonly value: Sensitivity }[] {
  const rates = [1, 5, 24, 120].map((falseAlarmsPerDay) => ({
    text: `at most ${falseAlarmsPerDay} false alarms a day`,
    value: { falseAlarmsPerDay },
  }));
  const thresholds = [0.3, 0.5, 0.7, 0.9].map((threshold) => ({
    text: `threshold ${threshold}`,
    value: { threshold },
  }));
  const offered = [{ text: "as the model says", value: {} }, ...rates, ...thresholds];
  return offered.filter(({ value }) => cards.every((card) => isPossible(card, value)));
}

function isPossible(card: ModelCard, sensitivity: Sensitivity): boolean {
  try {
    withSensitivity(card, sensitivity);
    return true;
  } catch {
    return false;
  }
}
