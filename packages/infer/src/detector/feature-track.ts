import { variantsOf, longestDelay, scoreVariants } from "../features/test-time-augmentation.ts";
import { joinFloats, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Classifier } from "../model/classifier.ts";
import {
  createFeatureStream,
  type FeatureRunners,
  type FeatureSource,
} from "../features/create-feature-stream.ts";
import { Decision, type Detection } from "./decision.ts";
import { EMBEDDING } from "../frontend/embedding.ts";
import type { FeatureStream } from "../features/feature-stream.ts";
import { embeddingsOf, type ModelCard, type Windowing } from "../model/model-card.ts";
import { LevelGate, type LevelGateOptions } from "./level-gate.ts";

/** One command heard, and by which model. */
export interface ModelDetection extends Detection {
  /** The model's name on its card. */
  readonly model: string;
}

/** One step of one model of a stream: a classifier run and what was decided on it. */
export interface DetectorStep {
  readonly model: string;
  /** End of the audio read, in milliseconds from the start of the stream; priming does not count. */
  readonly timestampMs: number;
  /** One a label, in the card's order, 0 to 1; zeros where the gate passed the step over. */
  readonly scores: Float32Array;
  readonly detections: readonly ModelDetection[];
  /** True where the level gate passed the step over. */
  readonly skipped: boolean;
}

/** A model's own part: what it reads features with and decides by. */
export interface Head {
  readonly card: ModelCard;
  readonly classifier: Classifier;
}

export interface FeatureTrackOptions extends FeatureRunners {
  readonly source: FeatureSource;
  readonly heads: readonly Head[];
  readonly levelGate?: LevelGateOptions;
}

/** Models that read the same features, on one stream: the features are computed once for all of them. */
export class FeatureTrack {
  readonly #heads: readonly (Head & { readonly decision: Decision })[];
  readonly #stream: FeatureStream;
  readonly #gate: LevelGate | undefined;
  readonly #hop: Float32Array;
  #filled = 0;
  #stepped = 0;
  /** Hops the gate passed over since the features were last brought up to date, the latest of them. */
  #passed: Float32Array[] = [];
  #passedCount = 0;
  readonly #memoryHops: number;

  constructor({ heads, source, levelGate, ...runners }: FeatureTrackOptions) {
    const stream = createFeatureStream(source, runners);
    this.#heads = heads.map((head) => ({
      ...head,
      decision: new Decision(head.card.labels, head.card.decision),
    }));
    this.#stream = stream;
    this.#hop = new Float32Array(stream.hopLength);
    this.#memoryHops =
      memoryHops(source.windowing) + Math.ceil(longestDelay(variantsOf(source)) / stream.hopLength);
    if (levelGate !== undefined)
      this.#gate = new LevelGate({ ...levelGate, hopSeconds: stream.hopLength / SAMPLE_RATE_HZ });
  }

  /** The steps that samples complete, and the errors of those that failed: the clock goes on over them. */
  async process(
    samples: Float32Array,
  ): Promise<{ readonly steps: readonly DetectorStep[]; readonly faults: readonly unknown[] }> {
    const steps: DetectorStep[] = [];
    const faults: unknown[] = [];
    for (let from = 0; from < samples.length;) {
      const taken = samples.subarray(from, from + this.#hop.length - this.#filled);
      this.#hop.set(taken, this.#filled);
      this.#filled += taken.length;
      from += taken.length;
      if (this.#filled < this.#hop.length) break;
      try {
        steps.push(...(await this.#step()));
      } catch (error) {
        faults.push(error);
      }
    }
    return { steps, faults };
  }

  /** Starts again as if `samples` were the last audio before the stream. */
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
    this.#passed = [];
    this.#passedCount = 0;
  }

  async #step(): Promise<DetectorStep[]> {
    this.#filled = 0;
    this.#stepped += this.#hop.length;
    const timestampMs = (this.#stepped * 1000) / SAMPLE_RATE_HZ;
    const skipped = this.#gate?.isOpen(this.#hop) === false;
    if (skipped) {
      this.#pass();
      return this.#heads.map((head) =>
        makeStep(head, { timestampMs, skipped, scores: new Float32Array(head.card.labels.length) }),
      );
    }
    await this.#catchUp();
    const { variants } = this.#stream;
    const features = await this.#stream.step(this.#hop);
    const steps: DetectorStep[] = [];
    for (const head of this.#heads) {
      const own = latestOf(features, { variants, length: featureLength(head.card.windowing) });
      const scores = await scoreVariants(head.classifier, { features: own, variants });
      steps.push(makeStep(head, { timestampMs, skipped, scores }));
    }
    return steps;
  }

  #pass(): void {
    this.#passed.push(this.#hop.slice());
    this.#passedCount++;
    if (this.#passed.length > this.#memoryHops) this.#passed.shift();
  }

  /** Hears what was passed over as far as features remember it: they are then what they would be without the gate. */
  async #catchUp(): Promise<void> {
    if (this.#passedCount === 0) return;
    if (this.#passedCount <= this.#memoryHops) for (const hop of this.#passed) await this.#stream.step(hop);
    else await this.#stream.prime(joinFloats(this.#passed));
    this.#passed = [];
    this.#passedCount = 0;
  }
}

/**
 * Hops after which nothing of what came before is in the features: an embedding reads back 76 frames of 8 a hop, and
 * the first frames 480 samples before their hop.
 */
function memoryHops(windowing: Windowing): number {
  if (windowing.kind === "embedding-sequence") return windowing.embeddings + EMBEDDING_CHUNKS;
  return Math.ceil(windowing.windowLength / windowing.hopLength);
}

const EMBEDDING_CHUNKS = 10;

const featureLength = (windowing: Windowing): number => EMBEDDING.dimension * embeddingsOf(windowing);

/** The last `length` features of every copy. */
function latestOf(
  features: Float32Array,
  { variants, length }: { readonly variants: number; readonly length: number },
): Float32Array {
  const whole = features.length / variants;
  if (whole === length) return features;
  if (variants === 1) return features.subarray(whole - length);
  const ends = Array.from({ length: variants }, (_, variant) => (variant + 1) * whole);
  return joinFloats(ends.map((end) => features.subarray(end - length, end)));
}

/** A step of one model, with what its decision stage makes of the scores. */
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
