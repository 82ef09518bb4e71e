import {
  copySamples,
  type Pcm,
  closestName,
  CallsignError,
  SAMPLE_RATE_HZ,
  toMagnitudes,
} from "@callsign/audio/internal";
import { variantsOf } from "../features/test-time-augmentation.ts";
import { Decision } from "./decision.ts";
import { DetectorStream } from "./detector-stream.ts";
import {
  type DetectorModel,
  type DetectorStep,
  FeatureTrack,
  groupByFeatures,
  makeStep,
} from "./feature-track.ts";
import type { Frontend } from "../frontend/frontend.ts";
import { Lifetime } from "../runtime/lifetime.ts";
import type { ModelCard } from "../model/model-card.ts";
import { scoreClip } from "../features/score-clip.ts";
import { checkThresholdLabels, type Sensitivity, withSensitivity } from "../model/sensitivity.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";
import type { LevelGateOptions } from "./level-gate.ts";

export type { Pcm } from "@callsign/audio/internal";
export type { DetectorModel, DetectorStep, ModelDetection } from "./feature-track.ts";

export interface OpenStreamOptions {
  /** Names of the models to run. Default all. */
  readonly models?: readonly string[];
  /** Overrides the cards' thresholds. */
  readonly sensitivity?: Sensitivity;
  /** Seconds of the latest audio to keep for `DetectorStream.audio`, 0 to 600. Default 0. */
  readonly audioSeconds?: number;
  /** Skips silent hops without computing features or scores. Off by default; `{}` turns it on with its defaults. */
  readonly levelGate?: LevelGateOptions;
}

/**
 * Creates a detector from loaded models. The detector owns their front-ends and classifiers and disposes of them, also
 * when this call fails.
 * @throws CallsignError `INVALID_ARGUMENT` for no models or duplicate names, `CARD_MISMATCH` for a front-end other than
 * the card's, `SESSION_FAILED`
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
 * One or several models on shared sessions. `open` starts any number of independent streams; a stream computes log-mel and
 * embeddings once for all models that use the same features. `push`, `prime` and `reset` act on a default stream.
 * Created by `createDetector`, `loadDetector` or `loadWebDetector`.
 */
export class Detector {
  /** Model cards, in the order given. */
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

  /** Card of the first model. */
  get card(): ModelCard {
    return this.cards[0]!;
  }

  /** The models with their front-ends and classifiers, which belong to the detector, in the order given. */
  get models(): readonly DetectorModel[] {
    return [...this.#models.values()];
  }

  /** Opens a new stream. @throws CallsignError `MODEL_NOT_FOUND` with a suggestion, `INVALID_ARGUMENT`, `DISPOSED` */
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
    checkThresholdLabels(this.cards, sensitivity);
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

  /** Calls `DetectorStream.push` of the default stream. */
  async push(chunk: Pcm): Promise<DetectorStep[]> {
    return this.#stream().push(chunk);
  }

  /** Calls `DetectorStream.prime` of the default stream. */
  async prime(samples: Pcm): Promise<void> {
    await this.#stream().prime(samples);
  }

  /** Calls `DetectorStream.reset` of the default stream. */
  async reset(): Promise<void> {
    await this.#stream().reset();
  }

  /**
   * Steps of a whole clip in time order, equal to those of a new stream. For `embedding-sequence` models all embeddings of
   * the clip are computed together, about nine times faster than in a stream.
   * @throws CallsignError as `push`
   */
  async detectClip(clip: Pcm): Promise<DetectorStep[]> {
    this.#refuseIfDisposed();
    const samples = copySamples(clip, { name: "clip" });
    const scored = [...this.#models.values()].map((model) => this.#scoreClip(samples, model));
    const steps = (await this.#sessions.track(Promise.all(scored))).flat();
    return this.#models.size === 1 ? steps : steps.toSorted((a, b) => a.timestampMs - b.timestampMs);
  }

  /** Runs one step on silence in a new stream, to warm up or to measure latency. */
  async rehearse(): Promise<void> {
    const hop = Math.max(...this.cards.map(({ windowing }) => windowing.hopLength));
    await this.open().push(new Float32Array(hop));
  }

  /** Waits for pending calls, including those of its streams, then frees the sessions. Repeated calls return the same promise. */
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
