import { commandLabels, type ModelCard } from "../../model-card.ts";

/** A wake word as Wyoming clients see it: one label of one model. */
export interface WakeName {
  /** The name a detection carries: as the client asked for it, else as `wakeNames` gives it. */
  readonly name: string;
  readonly model: string;
  readonly label: string;
}

/** The wake words of a server: every label of every model but a background. */
export class WakeNames {
  /** Named after the model; where a model has several labels, `MODEL/LABEL`. */
  readonly all: readonly WakeName[];
  readonly #cards: readonly ModelCard[];
  /** For each spelling, from strict to loose, what a name written so means. */
  readonly #indexes: readonly ReadonlyMap<string, readonly WakeName[]>[];

  constructor(cards: readonly ModelCard[]) {
    this.#cards = cards;
    this.all = cards.flatMap((card) => {
      const [model, labels] = [card.name, commandLabels(card)];
      return labels.map((label) => ({
        model,
        label,
        name: labels.length === 1 ? model : `${model}/${label}`,
      }));
    });
    this.#indexes = SPELLINGS.map((spell) => this.#indexBy(spell));
  }

  /**
   * The wake words that a client means by a name, under that name. A name is a wake word's own, its label, its phrase or
   * its model's (all labels). An exact match comes first, then one that differs in case or separators, then one that
   * differs in a version suffix (`hey_nimbus_v0.1`). Empty where there is none.
   */
  find(asked: string): readonly WakeName[] {
    if (asked.length > MAX_NAME_LENGTH) return [];
    for (const [i, spell] of SPELLINGS.entries()) {
      const found = this.#indexes[i]!.get(spell(asked));
      if (found !== undefined) return found.map((one) => ({ ...one, name: asked }));
    }
    return [];
  }

  /** Data of the `info` event: one wake-word program with these models. */
  info(version: string): Record<string, unknown> {
    const attribution = { name: "Callsign", url: "" };
    const models = this.all.map(({ name, model, label }) => {
      const card = this.#cardOf(model);
      const phrase = phraseOf(card, label);
      // A head without a card comes from elsewhere; only its file's name may tell its version.
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

  #cardOf(model: string): ModelCard {
    return this.#cards.find((card) => card.name === model)!;
  }

  #indexBy(spell: (name: string) => string): Map<string, readonly WakeName[]> {
    const index = new Map<string, readonly WakeName[]>();
    const add = (name: string, means: readonly WakeName[]): void => {
      const key = spell(name);
      if (key !== "" && !index.has(key)) index.set(key, means);
    };
    for (const one of this.all) add(one.name, [one]);
    for (const one of this.all) add(one.label, [one]);
    for (const one of this.all) add(phraseOf(this.#cardOf(one.model), one.label), [one]);
    for (const { name } of this.#cards)
      add(
        name,
        this.all.filter(({ model }) => model === name),
      );
    return index;
  }
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

const SPELLINGS = [
  (name: string): string => name,
  foldSeparators,
  (name: string): string => foldSeparators(withoutVersion(name)),
];

/** A card allows no longer name. */
const MAX_NAME_LENGTH = 1000;

const SEPARATORS = /[^\p{L}\p{M}\p{N}]+/u;
/** `_v0.1`, `-v2`, ` v1.0.3` at the end of a name. */
const VERSION_SUFFIX = /(?<![\s_-])[\s_-]+(v\d+(?:\.\d+)*)$/iu;
