import { joinFloats, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import { EMBEDDING_CHUNKS } from "../features/embedding-sequence.ts";
import {
  createFeatureStream,
  type FeatureRunners,
  type FeatureSource,
  type FeatureStream,
} from "../features/feature-stream.ts";
import { longestDelay, sameVariants, scoreVariants, variantsOf } from "../features/test-time-augmentation.ts";
import { EMBEDDING } from "../frontend/embedding.ts";
import type { Frontend } from "../frontend/frontend.ts";
import type { Classifier } from "../model/classifier.ts";
import { embeddingsOf, type ModelCard, type Windowing } from "../model/model-card.ts";
import { Decision, type Detection } from "./decision.ts";
import { LevelGate, type LevelGateOptions } from "./level-gate.ts";

/** Loaded model. Models with the same front-end refer to the same object. */
export interface DetectorModel {
  readonly card: ModelCard;
  readonly frontend: Frontend;
  readonly classifier: Classifier;
}

/** Detection of one of a detector's models. */
export interface ModelDetection extends Detection {
  /** Name of the model, as on its card. */
  readonly model: string;
}

/** One step of one model of a stream: a classifier run and the resulting detections. */
export interface DetectorStep {
  readonly model: string;
  /** End of the audio of this step, in milliseconds from the start of the stream; priming audio is not counted. */
  readonly timestampMs: number;
  /** One score per label, in the card's order, 0 to 1; zeros for a skipped step. */
  readonly scores: Float32Array;
  readonly detections: readonly ModelDetection[];
  /** Whether the level gate skipped the step. */
  readonly skipped: boolean;
}

/** Model of a feature track: a classifier and its decision parameters. */
export type Head = Pick<DetectorModel, "card" | "classifier">;

export interface FeatureTrackOptions extends FeatureRunners {
  readonly source: FeatureSource;
  readonly heads: readonly Head[];
  readonly levelGate?: LevelGateOptions;
}

/** Models with the same features on one stream: the features are computed once for all of them. */
export class FeatureTrack {
  readonly #heads: readonly (Head & { readonly decision: Decision })[];
  readonly #stream: FeatureStream;
  readonly #gate: LevelGate | undefined;
  readonly #hop: Float32Array;
  /** Samples of the next hop received so far. */
  #filled = 0;
  /** Samples of all hops so far. */
  #stepped = 0;
  /** Most recent hops skipped by the gate, kept so that the features can catch up. */
  #skippedHops: Float32Array[] = [];
  #skippedCount = 0;
  readonly #historyHops: number;

  constructor({ heads, source, levelGate, ...runners }: FeatureTrackOptions) {
    const stream = createFeatureStream(source, runners);
    this.#heads = heads.map((head) => ({
      ...head,
      decision: new Decision(head.card.labels, head.card.decision),
    }));
    this.#stream = stream;
    this.#hop = new Float32Array(stream.hopLength);
    this.#historyHops =
      historyHops(source.windowing) + Math.ceil(longestDelay(variantsOf(source)) / stream.hopLength);
    if (levelGate !== undefined)
      this.#gate = new LevelGate({ ...levelGate, hopSeconds: stream.hopLength / SAMPLE_RATE_HZ });
  }

  /** Steps completed by `samples`, and the errors of failed steps, whose time is counted as well. */
  async process(
    samples: Float32Array,
  ): Promise<{ readonly steps: readonly DetectorStep[]; readonly errors: readonly unknown[] }> {
    const steps: DetectorStep[] = [];
    const errors: unknown[] = [];
    for (let from = 0; from < samples.length;) {
      const taken = samples.subarray(from, from + this.#hop.length - this.#filled);
      this.#hop.set(taken, this.#filled);
      this.#filled += taken.length;
      from += taken.length;
      if (this.#filled < this.#hop.length) break;
      try {
        steps.push(...(await this.#step()));
      } catch (error) {
        errors.push(error);
      }
    }
    return { steps, errors };
  }

  /** Restarts the track with `samples` as the audio before its start. */
  async prime(samples: Float32Array): Promise<void> {
    this.reset();
    await this.#stream.prime(samples);
  }

  reset(): void {
    this.#stream.reset();
    this.#gate?.reset();
    for (const { decision } of this.#heads) decision.reset();
    this.#filled = 0;
    this.#stepped = 0;
    this.#skippedHops = [];
    this.#skippedCount = 0;
  }

  async #step(): Promise<DetectorStep[]> {
    this.#filled = 0;
    this.#stepped += this.#hop.length;
    const timestampMs = (this.#stepped * 1000) / SAMPLE_RATE_HZ;
    const skipped = this.#gate?.isOpen(this.#hop) === false;
    if (skipped) {
      this.#skip();
      return this.#heads.map((head) =>
        makeStep(head, { timestampMs, skipped, scores: new Float32Array(head.card.labels.length) }),
      );
    }
    await this.#catchUp();
    const { variants } = this.#stream;
    const features = await this.#stream.step(this.#hop);
    const steps: DetectorStep[] = [];
    for (const head of this.#heads) {
      const length = EMBEDDING.dimension * embeddingsOf(head.card.windowing);
      const scores = await scoreVariants(head.classifier, { features, variants, length });
      steps.push(makeStep(head, { timestampMs, skipped, scores }));
    }
    return steps;
  }

  #skip(): void {
    this.#skippedHops.push(this.#hop.slice());
    this.#skippedCount++;
    if (this.#skippedHops.length > this.#historyHops) this.#skippedHops.shift();
  }

  /** Processes the skipped hops that the features depend on, after which they equal those of a stream without a gate. */
  async #catchUp(): Promise<void> {
    if (this.#skippedCount === 0) return;
    if (this.#skippedCount <= this.#historyHops)
      for (const hop of this.#skippedHops) await this.#stream.step(hop);
    else await this.#stream.prime(joinFloats(this.#skippedHops));
    this.#skippedHops = [];
    this.#skippedCount = 0;
  }
}

/** Number of preceding hops that the features of a hop depend on. */
function historyHops(windowing: Windowing): number {
  if (windowing.kind === "embedding-sequence") return windowing.embeddings + EMBEDDING_CHUNKS;
  return Math.ceil(windowing.windowLength / windowing.hopLength);
}

/** Step of one model, with the detections of its decision stage. */
export function makeStep(
  { card, decision }: { readonly card: ModelCard; readonly decision: Decision },
  {
    scores,
    timestampMs,
    skipped = false,
  }: Pick<DetectorStep, "scores" | "timestampMs"> & { skipped?: boolean },
): DetectorStep {
  const model = card.name;
  // A skipped step counts as a score below every threshold, even a threshold of zero.
  const decided = skipped ? new Float32Array(card.labels.length).fill(-1) : scores;
  const detections = decision.step(decided, timestampMs).map((detection) => ({ ...detection, model }));
  return { model, timestampMs, scores, detections, skipped };
}

/** Models that share a feature stream. */
export interface FeatureGroup {
  readonly frontend: Frontend;
  /** Features of the model with the most embeddings; the others use the latest of them. */
  readonly source: FeatureSource;
  readonly heads: readonly DetectorModel[];
}

/** Groups models so that the features of each group are computed once. */
export function groupByFeatures(models: readonly DetectorModel[]): FeatureGroup[] {
  const groups: DetectorModel[][] = [];
  for (const model of models) {
    const group = groups.find(([first]) => sharesFeatures(first!, model));
    if (group === undefined) groups.push([model]);
    else group.push(model);
  }
  return groups.map((heads) => ({
    frontend: heads[0]!.frontend,
    source: { ...heads[0]!.card, windowing: longestWindowing(heads) },
    heads,
  }));
}

function sharesFeatures(a: DetectorModel, b: DetectorModel): boolean {
  if (a.frontend !== b.frontend || !sameVariants(a.card, b.card)) return false;
  const [one, other] = [a.card.windowing, b.card.windowing];
  if (one.kind === "embedding-sequence" || other.kind === "embedding-sequence")
    return one.kind === other.kind;
  return one.windowLength === other.windowLength && one.hopLength === other.hopLength;
}

function longestWindowing(models: readonly DetectorModel[]): Windowing {
  return models
    .map(({ card }) => card.windowing)
    .reduce((a, b) => (embeddingsOf(b) > embeddingsOf(a) ? b : a));
}
