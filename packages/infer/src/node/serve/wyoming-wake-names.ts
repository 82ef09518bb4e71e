import { commandLabels, type ModelCard } from "../../model-card.ts";

/** A wake word as Wyoming sees it: one label of one model. */
export interface WakeName {
  /** The model's name; where it has several labels, `MODEL/LABEL`. */
  readonly name: string;
  readonly model: string;
  readonly label: string;
}

/** Every label of every model under the name that Wyoming clients choose it by. */
export function wakeNames(cards: readonly ModelCard[]): WakeName[] {
  const models = cards.map((card) => ({ model: card.name, labels: commandLabels(card) }));
  return models.flatMap(({ model, labels }) =>
    labels.map((label) => ({ model, label, name: labels.length === 1 ? model : `${model}/${label}` })),
  );
}

/** The data of an `info` event: one wake-word program with these models. */
export function wyomingInfo(cards: readonly ModelCard[], version: string): Record<string, unknown> {
  const attribution = { name: "Callsign", url: "" };
  const phrases = (card: ModelCard, label: string): string => {
    const known = card.training?.phrases as Record<string, unknown> | undefined;
    const phrase = known?.[label];
    return Array.isArray(phrase) && typeof phrase[0] === "string" ? phrase[0] : label;
  };
  const models = wakeNames(cards).map(({ name, model, label }) => {
    const card = cards.find((one) => one.name === model)!;
    const phrase = phrases(card, label);
    return {
      name,
      description: phrase,
      phrase,
      attribution,
      installed: true,
      languages: [],
      version: card.createdBy.version,
    };
  });
  const program = { name: "callsign", description: "Callsign voice-command detection", attribution };
  const none = { asr: [], tts: [], handle: [], intent: [], mic: [], snd: [] };
  return { ...none, wake: [{ ...program, installed: true, version, models }] };
}
