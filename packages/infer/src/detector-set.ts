import { copiesOf } from "./audio-copies.ts";
import type { Classifier } from "./classifier.ts";
import { closestName } from "./closest-name.ts";
import { DetectorStream } from "./detector-stream.ts";
import { CallsignError } from "./errors.ts";
import { createFeatureTrack, type Head } from "./feature-track.ts";
import type { Frontend } from "./frontend.ts";
import { embeddingsOf, type ModelCard, type Windowing } from "./model-card.ts";
import { checkThresholdLabels, type Sensitivity, withSensitivity } from "./sensitivity.ts";
import type { VoiceGateOptions } from "./voice-gate.ts";

/** One model of a set; models with the same front-end name the same object. */
export interface DetectorSetModel {
  readonly card: ModelCard;
  readonly frontend: Frontend;
  readonly classifier: Classifier;
}

export interface OpenStreamOptions {
  /** Names of the models that listen. Default all. */
  readonly models?: readonly string[];
  /** Instead of the cards' own thresholds. */
  readonly sensitivity?: Sensitivity;
  /** How much of the latest audio is kept to be handed out. Default 0, none. */
  readonly audioSeconds?: number;
  /** Passes over silence without computing anything; off unless given (`{}` for its defaults). */
  readonly voiceGate?: VoiceGateOptions;
}

/**
 * Several models in shared sessions, and any number of streams through them. A stream's log-mel and embedding are
 * computed once for all its models. Owns the models' parts; its streams must not outlive it.
 */
export class DetectorSet {
  readonly #models: ReadonlyMap<string, DetectorSetModel>;
  #disposal: Promise<void> | undefined;

  /** @throws CallsignError `INVALID_ARGUMENT`: no model, or two of one name */
  constructor(models: readonly DetectorSetModel[]) {
    if (models.length === 0)
      throw new CallsignError("INVALID_ARGUMENT", "detector set: expected at least one model");
    this.#models = new Map(models.map((model) => [model.card.name, model]));
    if (this.#models.size < models.length) {
      const names = models.map(({ card }) => card.name);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `detector set: two models are named ${JSON.stringify(twice)}; give one another name, on its card or, for a head without one, as an option (CLI: --name)`,
      );
    }
  }

  get cards(): ModelCard[] {
    return [...this.#models.values()].map(({ card }) => card);
  }

  /** A stream at its start. @throws CallsignError `MODEL_NOT_FOUND` with a suggestion, `INVALID_ARGUMENT`, `DISPOSED` */
  async open(options: OpenStreamOptions = {}): Promise<DetectorStream> {
    if (this.#disposal !== undefined)
      throw new CallsignError("DISPOSED", "this detector set was disposed of; load it again");
    const { models: names = [...this.#models.keys()], sensitivity = {}, audioSeconds = 0 } = options;
    if (!(audioSeconds >= 0 && audioSeconds <= MOST_AUDIO_SECONDS))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `audioSeconds: expected 0 to ${MOST_AUDIO_SECONDS}, got ${audioSeconds}`,
      );
    const chosen = [...new Set(names)].map((name) => this.#find(name));
    if (chosen.length === 0)
      throw new CallsignError("INVALID_ARGUMENT", "models: expected at least one name");
    checkThresholdLabels(this.cards, sensitivity);
    const heads = chosen.map((model) => ({ ...model, card: withSensitivity(model.card, sensitivity) }));
    const { voiceGate } = options;
    const tracks = await Promise.all(
      groupByFeatures(heads).map((group) =>
        createFeatureTrack({
          source: { ...group[0]!.card, windowing: longest(group) },
          frontend: group[0]!.frontend,
          heads: group,
          ...(voiceGate && { voiceGate }),
        }),
      ),
    );
    return new DetectorStream({ models: chosen.map(({ card }) => card.name), tracks, audioSeconds });
  }

  /** Frees the sessions. Any number of calls is one. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#free();
    return this.#disposal;
  }

  async #free(): Promise<void> {
    const models = [...this.#models.values()];
    const frontends = new Set(models.map(({ frontend }) => frontend));
    await Promise.all([
      ...models.map(({ classifier }) => classifier.dispose()),
      ...[...frontends].map((frontend) => frontend.dispose()),
    ]);
  }

  #find(name: string): DetectorSetModel {
    const model = this.#models.get(name);
    if (model !== undefined) return model;
    const known = [...this.#models.keys()];
    const near = closestName(name, known);
    throw new CallsignError(
      "MODEL_NOT_FOUND",
      `no model named ${JSON.stringify(name)} here; known: ${known.map((one) => JSON.stringify(one)).join(", ")}` +
        (near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`),
    );
  }
}

const MOST_AUDIO_SECONDS = 600;

/** Models that read the same features, or the latest of them. */
function groupByFeatures(models: readonly DetectorSetModel[]): DetectorSetModel[][] {
  const groups: DetectorSetModel[][] = [];
  for (const model of models) {
    const group = groups.find(([first]) => sharesFeatures(first!, model));
    if (group === undefined) groups.push([model]);
    else group.push(model);
  }
  return groups;
}

function sharesFeatures(a: DetectorSetModel, b: DetectorSetModel): boolean {
  if (a.frontend !== b.frontend || !sameCopies(a.card, b.card)) return false;
  const [one, other] = [a.card.windowing, b.card.windowing];
  if (one.kind === "embedding-sequence" || other.kind === "embedding-sequence")
    return one.kind === other.kind;
  return one.windowLength === other.windowLength && one.hopLength === other.hopLength;
}

function sameCopies(a: ModelCard, b: ModelCard): boolean {
  const [some, others] = [copiesOf(a), copiesOf(b)];
  return (
    some.length === others.length &&
    some.every(({ delay, gainDb }, i) => delay === others[i]!.delay && gainDb === others[i]!.gainDb)
  );
}

function longest(heads: readonly Head[]): Windowing {
  return heads
    .map(({ card }) => card.windowing)
    .reduce((a, b) => (embeddingsOf(b) > embeddingsOf(a) ? b : a));
}
