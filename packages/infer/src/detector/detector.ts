import {
  copySamples,
  type Pcm,
  closestName,
  CallsignError,
  SAMPLE_RATE_HZ,
  toMagnitudes,
} from "@callsign/audio/internal";
import { variantsOf } from "../features/test-time-augmentation.ts";
import type { Classifier } from "../model/classifier.ts";
import { Decision } from "./decision.ts";
import { DetectorStream } from "./detector-stream.ts";
import { type DetectorStep, FeatureTrack, makeStep } from "./feature-track.ts";
import type { Frontend } from "../frontend/frontend.ts";
import { groupByFeatures } from "./group-by-features.ts";
import { Lifetime } from "../runtime/lifetime.ts";
import type { ModelCard } from "../model/model-card.ts";
import { scoreClip } from "../features/score-clip.ts";
import { type Sensitivity, withSensitivity } from "../model/sensitivity.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";
import type { LevelGateOptions } from "./level-gate.ts";

export type { Pcm } from "@callsign/audio/internal";
export type { DetectorStep, ModelDetection } from "./feature-track.ts";

/** One loaded model; models with the same front-end name the same object. */
export interface DetectorModel {
  readonly card: ModelCard;
  readonly frontend: Frontend;
  readonly classifier: Classifier;
}

export interface OpenStreamOptions {
  /** Names of the models that listen. Default all. */
  readonly models?: readonly string[];
  /** Instead of the cards' own thresholds. */
  readonly sensitivity?: Sensitivity;
  /** Seconds of the latest audio to keep for `DetectorStream.audio`, 0 to 600. Default 0. */
  readonly audioSeconds?: number;
  /** Skips silence without computing anything; off unless given (`{}` for its defaults). */
  readonly levelGate?: LevelGateOptions;
}

/**
 * Makes a detector of loaded models. It owns their front-ends and classifiers and disposes of them, at once if this
 * fails.
 * @throws CallsignError `INVALID_ARGUMENT` for no model or two of one name, `CARD_MISMATCH` where a front-end is not
 * the one its card names, `SESSION_FAILED`
 */
export async function createDetector(models: DetectorModel | readonly DetectorModel[]): Promise<Detector> {
  const all = "card" in models ? [models] : models;
  try {
    checkModels(all);
    const runners = new Map<Frontend, StreamRunner>();
    for (const { frontend } of all)
      if (frontend.floor === "chunk") runners.set(frontend, await frontend.streams());
    return new Detector(all, runners);
  } catch (error) {
    await disposeModels(all);
    throw error;
  }
}

/**
 * One or several models on shared sessions, with any number of streams through them. A stream computes log-mel and
 * embedding once for all models that read the same features. `push`, `prime`, `reset` and `audio` are those of a stream
 * that the detector opens for itself. Made by `createDetector`, `loadDetector` or `loadWebDetector`.
 */
export class Detector {
  /** The models' cards, in the order given. */
  readonly cards: readonly ModelCard[];
  readonly #models: ReadonlyMap<string, DetectorModel>;
  readonly #runners: ReadonlyMap<Frontend, StreamRunner>;
  readonly #sessions = new Lifetime();
  #own: DetectorStream | undefined;

  constructor(models: readonly DetectorModel[], runners: ReadonlyMap<Frontend, StreamRunner>) {
    this.cards = models.map(({ card }) => card);
    this.#models = new Map(models.map((model) => [model.card.name, model]));
    this.#runners = runners;
  }

  /** Card of the model, or of the first of several. */
  get card(): ModelCard {
    return this.cards[0]!;
  }

  /** A new stream at its start. @throws CallsignError `MODEL_NOT_FOUND` with a suggestion, `INVALID_ARGUMENT`, `DISPOSED` */
  open(options: OpenStreamOptions = {}): DetectorStream {
    this.#refuseIfDisposed();
    const {
      models: names = [...this.#models.keys()],
      sensitivity = {},
      audioSeconds = 0,
      levelGate,
    } = options;
    if (!(audioSeconds >= 0 && audioSeconds <= MAX_AUDIO_SECONDS))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `audioSeconds: expected 0 to ${MAX_AUDIO_SECONDS}, got ${audioSeconds}`,
      );
    const models = [...new Set(names)]
      .map((name) => this.#find(name))
      .map((model) => ({ ...model, card: withSensitivity(model.card, sensitivity) }));
    if (models.length === 0)
      throw new CallsignError("INVALID_ARGUMENT", "models: expected at least one name");
    const tracks = groupByFeatures(models).map(
      ({ heads, source, frontend }) =>
        new FeatureTrack({
          heads,
          source,
          frontend,
          runner: this.#runners.get(frontend),
          ...(levelGate && { levelGate }),
        }),
    );
    const cards = models.map(({ card }) => card);
    return new DetectorStream({ cards, tracks, audioSeconds, sessions: this.#sessions });
  }

  /** As `DetectorStream.push`, on the detector's own stream. */
  async push(chunk: Pcm): Promise<DetectorStep[]> {
    return this.#stream().push(chunk);
  }

  /** As `DetectorStream.prime`, on the detector's own stream. */
  async prime(samples: Pcm): Promise<void> {
    await this.#stream().prime(samples);
  }

  /** As `DetectorStream.reset`, on the detector's own stream. */
  async reset(): Promise<void> {
    await this.#stream().reset();
  }

  /**
   * Steps of a whole clip, as a new stream would give them, in the order of their time. `embedding-sequence` models compute
   * the embeddings of the clip at once, about nine times cheaper, with the same scores.
   * @throws CallsignError as `push`
   */
  async detectClip(clip: Pcm): Promise<DetectorStep[]> {
    this.#refuseIfDisposed();
    const samples = copySamples(clip, { name: "clip" });
    const scored = [...this.#models.values()].map((model) => this.#scoreClip(samples, model));
    const steps = (await this.#sessions.track(Promise.all(scored))).flat();
    return this.#models.size === 1 ? steps : steps.toSorted((a, b) => a.timestampMs - b.timestampMs);
  }

  /** One step on silence in a stream of its own: for warming up, and for measuring. */
  async rehearse(): Promise<void> {
    const hop = Math.max(...this.cards.map(({ windowing }) => windowing.hopLength));
    await this.open().push(new Float32Array(hop));
  }

  /** Waits for every call made before, of its streams too, then frees the sessions. Repeated calls return the same promise. */
  dispose(): Promise<void> {
    return this.#sessions.dispose(() => disposeModels([...this.#models.values()]));
  }

  async #scoreClip(
    samples: Float32Array,
    { card, frontend, classifier }: DetectorModel,
  ): Promise<DetectorStep[]> {
    const { kind, hopLength } = card.windowing;
    if (kind !== "embedding-sequence") return this.open({ models: [card.name] }).push(samples);
    const { embeddings } = card.windowing;
    const scores = await scoreClip(toMagnitudes(samples), {
      frontend,
      classifier,
      embeddings,
      variants: variantsOf(card),
    });
    const decision = new Decision(card.labels, card.decision);
    return scores.map((row, i) =>
      makeStep(
        { card, decision },
        { scores: row, timestampMs: ((i + 1) * hopLength * 1000) / SAMPLE_RATE_HZ },
      ),
    );
  }

  #stream(): DetectorStream {
    this.#refuseIfDisposed();
    this.#own ??= this.open();
    return this.#own;
  }

  #find(name: string): DetectorModel {
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

  #refuseIfDisposed(): void {
    if (this.#sessions.isDisposed)
      throw new CallsignError(
        "DISPOSED",
        `${this.cards.map(({ name }) => name).join(", ")}: this detector was disposed of; load it again`,
      );
  }
}

const MAX_AUDIO_SECONDS = 600;

function checkModels(models: readonly DetectorModel[]): void {
  if (models.length === 0)
    throw new CallsignError("INVALID_ARGUMENT", "detector: expected at least one model");
  const names = models.map(({ card }) => card.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `detector: two models are named ${JSON.stringify(twice)}; give one another name on its card`,
    );
  for (const { card, frontend } of models) {
    const wanted = card.frontend;
    if (frontend.floor !== wanted.floor)
      throw mismatch(card, `floor ${wanted.floor}`, `a front-end with floor ${frontend.floor}`);
    if (frontend.embeddingSha256 !== undefined && frontend.embeddingSha256 !== wanted.embedding.sha256)
      throw mismatch(card, `embedding ${wanted.embedding.sha256}`, `embedding ${frontend.embeddingSha256}`);
  }
}

const mismatch = (card: ModelCard, wanted: string, got: string): CallsignError =>
  new CallsignError("CARD_MISMATCH", `${card.name}: the card was trained with ${wanted}, got ${got}`);

async function disposeModels(models: readonly DetectorModel[]): Promise<void> {
  const parts = new Set(models.flatMap(({ classifier, frontend }) => [classifier, frontend]));
  await Promise.all([...parts].map((part) => part.dispose()));
}
