import type { ModelCard } from "../../model-card.ts";

/** A wake word as Wyoming clients see it: one label of one model. */
export interface WakeName {
  /** The name a detection carries: as the client asked for it, else as `wakeNames` gives it. */
  readonly name: string;
  readonly model: string;
  readonly label: string;
}

/** Every label of every model, named after the model; where a model has several labels, `MODEL/LABEL`. */
export function wakeNames(cards: readonly ModelCard[]): WakeName[] {
  return cards.flatMap(({ name: model, labels }) =>
    labels.map((label) => ({ model, label, name: labels.length === 1 ? model : `${model}/${label}` })),
  );
}

/**
 * The wake words that a client means by a name, under that name. A name is a wake word's own, its label, its phrase or
 * its model's (all labels). An exact match comes first, then one that differs in case or separators, then one that
 * differs in a version suffix (`hey_nimbus_v0.1`). Empty when there is none.
 */
export function findWakeNames(asked: string, cards: readonly ModelCard[]): WakeName[] {
  const known = wakeNames(cards);
  const aliases: ((one: WakeName) => string)[] = [
    ({ name }) => name,
    ({ label }) => label,
    ({ model, label }) =>
      phraseOf(
        cards.find((card) => card.name === model)!,
        label,
      ),
  ];
  for (const spelling of [
    (text: string) => text,
    foldSeparators,
    (text: string) => foldSeparators(withoutVersion(text)),
  ]) {
    const wanted = spelling(asked);
    if (wanted === "") continue;
    for (const alias of aliases) {
      const found = known.find((one) => spelling(alias(one)) === wanted);
      if (found !== undefined) return [{ ...found, name: asked }];
    }
    const model = known.find((one) => spelling(one.model) === wanted)?.model;
    if (model !== undefined)
      return known.filter((one) => one.model === model).map((one) => ({ ...one, name: asked }));
  }
  return [];
}

/** Data of the `info` event: one wake-word program with these models. */
export function wyomingInfo(cards: readonly ModelCard[], version: string): Record<string, unknown> {
  const attribution = { name: "Callsign", url: "" };
  const models = wakeNames(cards).map(({ name, model, label }) => {
    const card = cards.find((one) => one.name === model)!;
    const phrase = phraseOf(card, label);
    // A head without a card comes from elsewhere; only its file name may tell its version.
    const isBare = card.createdBy.version === "bare head";
    return {
      name,
      description: phrase,
      phrase,
      attribution: isBare ? { name: "", url: "" } : attribution,
      installed: true,
      languages: [],
      version: isBare ? (VERSION_SUFFIX.exec(model)?.[1] ?? "") : card.createdBy.version,
    };
  });
  const program = { name: "callsign", description: "Callsign voice-command detection", attribution };
  const none = { asr: [], tts: [], handle: [], intent: [], mic: [], snd: [] };
  return { ...none, wake: [{ ...program, installed: true, version, models }] };
}

/** What a person says: the first training phrase, else the label made readable. */
function phraseOf(card: ModelCard, label: string): string {
  const phrase = (card.training?.phrases as Record<string, unknown> | undefined)?.[label];
  if (Array.isArray(phrase) && typeof phrase[0] === "string") return phrase[0];
  const words = withoutVersion(label)
    .split(SEPARATORS)
    .filter((word) => word !== "");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ") || label;
}

/** Lower case, with single spaces for everything that is neither letter, mark nor digit. */
const foldSeparators = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .split(SEPARATORS)
    .filter((word) => word !== "")
    .join(" ");

const withoutVersion = (text: string): string =>
  text
    .split("/")
    .map((part) => part.trim().replace(VERSION_SUFFIX, ""))
    .join("/");

const SEPARATORS = /[^\p{L}\p{M}\p{N}]+/u;
/** `_v0.1`, `-v2`, ` v1.0.3` at the end of a name. */
const VERSION_SUFFIX = /[\s_-]+(v\d+(?:\.\d+)*)$/iu;
