import { joinFloats, CallsignError } from "@callsign/audio/internal";
import { checkClassifierShape, type ClassifierShape } from "./classifier-shape.ts";
import { EMBEDDING } from "../frontend/embedding.ts";
import { RequestBatcher } from "../runtime/request-batcher.ts";
import type { Session, SessionFactory, Tensor } from "../runtime/session.ts";

export interface LoadClassifierOptions {
  /** The file, for messages. */
  readonly name: string;
  /** As in `SessionOptions`. */
  readonly isTrusted?: boolean;
  readonly createSession: SessionFactory;
  /** One score comes out for each. */
  readonly labels: readonly string[];
  /** Embeddings of 96 values that one score is read from. */
  readonly embeddings: number;
}

/**
 * Loads a classifier graph: its first input reads embeddings `[n, embeddings, 96]` (or the same values in a row,
 * `[n, embeddings * 96]`), its first output is `[n, labels]` with scores 0 to 1. Names do not matter, so openWakeWord's
 * and livekit-wakeword's heads load as they are. Runs on zeros check what the declared shapes leave open.
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
    // A graph may declare any batch and still be exported for one.
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

/** Examples per run: enough to amortise the call, few enough to keep the activations in cache. */
const MAX_BATCH = 64;

/** One example and where its scores go. */
interface Example {
  readonly features: Float32Array;
  readonly scores: Float32Array;
}

/** A loaded classifier graph; made by `loadClassifier`. Owns its session. */
export class Classifier {
  readonly labels: readonly string[];
  /** The execution provider that runs it. */
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
   * Scores of `count` examples: features `[count, embeddings, 96]` in, `[count, labels]` out, a new array.
   * A graph whose batch is fixed is run once for each batch, the last filled up with zeros. Single examples asked for at the same time, as many
   * streams do, are run together (measured: the same to 1e-7) and must not be touched meanwhile. @throws CallsignError `MODEL_INVALID`,
   * `MODEL_SHAPE_MISMATCH`, `SESSION_FAILED`
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

/** Axes of length 1 aside. */
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.filter((dim) => dim !== 1).join() === b.filter((dim) => dim !== 1).join();

/** Rounding of a float32 softmax or sigmoid stays far within this. */
const SCORE_SLACK = 1e-4;
