import { joinFloats, CallsignError } from "@callsign/audio/internal";
import { checkClassifierShape, type ClassifierShape } from "./classifier-shape.ts";
import { EMBEDDING } from "../frontend/embedding.ts";
import { RequestBatcher } from "../runtime/request-batcher.ts";
import type { Session, SessionFactory, Tensor } from "../runtime/session.ts";

export interface LoadClassifierOptions {
  /** File name for messages. */
  readonly name: string;
  /** As in `SessionOptions`. */
  readonly isTrusted?: boolean;
  readonly createSession: SessionFactory;
  /** One per score. */
  readonly labels: readonly string[];
  /** Embeddings per example. */
  readonly embeddings: number;
}

/**
 * Loads a classifier graph: its first input is embeddings `[n, embeddings, 96]` or flat `[n, embeddings * 96]`, its first
 * output scores `[n, labels]`, 0 to 1. Input and output names are free, so heads of openWakeWord and livekit-wakeword load
 * unchanged. Symbolic dimensions are checked by runs on zeros.
 * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `CARD_MISMATCH` (another number of labels)
 */
export async function loadClassifier(model: Uint8Array, options: LoadClassifierOptions): Promise<Classifier> {
  const session = await options.createSession(model, {
    name: options.name,
    isTrusted: options.isTrusted ?? false,
  });
  try {
    const shape = checkClassifierShape(session, options);
    const classifier = new Classifier(session, { ...options, shape });
    await classifier.score(silence(1, options), 1);
    if (shape.batch !== "any") return classifier;
    // A graph may declare a symbolic batch and still support only 1.
    const takesSeveral = await classifier.score(silence(2, options), 2).then(
      () => true,
      () => false,
    );
    return takesSeveral ? classifier : new Classifier(session, { ...options, shape: { ...shape, batch: 1 } });
  } catch (error) {
    await session.dispose();
    throw error;
  }
}

const silence = (examples: number, { embeddings }: LoadClassifierOptions): Float32Array =>
  new Float32Array(examples * embeddings * EMBEDDING.dimension);

/** Most examples per run: enough to amortize the call, few enough to keep the activations in the cache. */
const MAX_BATCH = 64;

/** Features of one example and the buffer for its scores. */
interface Example {
  readonly features: Float32Array;
  readonly scores: Float32Array;
}

/** Loaded classifier graph, created by `loadClassifier`. Owns its session. */
export class Classifier {
  readonly labels: readonly string[];
  /** Execution provider of the session. */
  readonly provider: string;
  readonly #name: string;
  readonly #session: Session;
  readonly #shape: ClassifierShape;
  readonly #batcher = new RequestBatcher<Example>((examples) => this.#scoreTogether(examples), MAX_BATCH);

  constructor(
    session: Session,
    { name, labels, shape }: { name: string; labels: readonly string[]; shape: ClassifierShape },
  ) {
    this.labels = labels;
    this.provider = session.provider;
    this.#name = name;
    this.#session = session;
    this.#shape = shape;
  }

  /**
   * Scores `[count, labels]` of features `[count, embeddings, 96]`, a new array. A graph with a fixed batch runs once per batch,
   * the last one padded with zeros. Concurrent calls with one example share a run (scores differ by at most 1e-7, measured);
   * do not modify `features` before the call ends.
   * @throws CallsignError `MODEL_INVALID`, `MODEL_SHAPE_MISMATCH`, `SESSION_FAILED`
   */
  async score(features: Float32Array, count: number): Promise<Float32Array> {
    const { exampleLength } = this.#shape;
    if (features.length !== count * exampleLength)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `${this.#name}: expected ${count} x ${exampleLength} feature values, got ${features.length}`,
      );
    const scores = new Float32Array(count * this.labels.length);
    if (count === 1) await this.#batcher.submit({ features, scores });
    else await this.#scoreAll({ features, scores }, count);
    return scores;
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }

  async #scoreTogether(examples: readonly Example[]): Promise<void> {
    if (examples.length === 1) return this.#scoreAll(examples[0]!, 1);
    const features = joinFloats(examples.map((example) => example.features));
    const scores = new Float32Array(examples.length * this.labels.length);
    await this.#scoreAll({ features, scores }, examples.length);
    const width = this.labels.length;
    examples.forEach((example, i) => example.scores.set(scores.subarray(i * width, (i + 1) * width)));
  }

  async #scoreAll({ features, scores }: Example, count: number): Promise<void> {
    const { exampleLength, batch } = this.#shape;
    const largest = batch === "any" ? MAX_BATCH : batch;
    for (let from = 0; from < count; from += largest) {
      const size = Math.min(largest, count - from);
      const part = features.subarray(from * exampleLength, (from + size) * exampleLength);
      scores.set(await this.#run(part, size), from * this.labels.length);
    }
  }

  async #run(features: Float32Array, size: number): Promise<Float32Array> {
    const { input, output, inputDims, batch, exampleLength } = this.#shape;
    const runs = batch === "any" ? size : batch;
    let data = features;
    if (runs > size) {
      data = new Float32Array(runs * exampleLength);
      data.set(features);
    }
    const result = await this.#session.run({ [input]: { data, dims: inputDims(runs) } });
    return this.#checkScores(result[output]!, runs).subarray(0, size * this.labels.length);
  }

  #checkScores({ data, dims }: Tensor, examples: number): Float32Array {
    const labels = this.labels.length;
    if (!(data instanceof Float32Array) || !sameShape(dims, [examples, labels]))
      throw new CallsignError(
        "MODEL_SHAPE_MISMATCH",
        `${this.#name}: expected scores [${examples}, ${labels}] from output ` +
          `${JSON.stringify(this.#shape.output)}, got [${dims.join(", ")}]`,
      );
    for (const score of data) {
      if (score >= -SCORE_SLACK && score <= 1 + SCORE_SLACK) continue;
      throw new CallsignError(
        "MODEL_INVALID",
        `${this.#name}: output ${JSON.stringify(this.#shape.output)} gave ${score}, expected a score 0 to 1; ` +
          `if these are logits, end the graph in a sigmoid, or in a softmax over its classes`,
      );
    }
    return data;
  }
}

/** Whether shapes are equal apart from axes of length 1. */
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.filter((dim) => dim !== 1).join() === b.filter((dim) => dim !== 1).join();

/** Tolerance for rounding; that of a float32 softmax or sigmoid is far smaller. */
const SCORE_SLACK = 1e-4;
