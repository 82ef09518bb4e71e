import { copySamples, type Pcm } from "./audio/pcm.ts";
import { copiesOf, scoreCopies } from "./audio-copies.ts";
import type { Classifier } from "./classifier.ts";
import { Decision, type Detection } from "./decision.ts";
import { CallsignError } from "./errors.ts";
import { createFeatureStream } from "./create-feature-stream.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "./frontend.ts";
import { Lifetime } from "./lifetime.ts";
import { type ModelCard, SAMPLE_RATE_HZ } from "./model-card.ts";
import { scoreSequence } from "./score-sequence.ts";

/** One step of the detector: a classifier run and what was decided on it. */
export interface DetectorStep {
  /** End of the audio read, in milliseconds from the start of the stream; priming does not count. */
  readonly timestampMs: number;
  /** One a label, in the card's order, 0 to 1. */
  readonly scores: Float32Array;
  readonly detections: readonly Detection[];
}

export type { Pcm } from "./audio/pcm.ts";

export interface DetectorParts {
  readonly card: ModelCard;
  readonly frontend: Frontend;
  readonly classifier: Classifier;
}

/**
 * Puts a detector together. It owns frontend and classifier from here on and disposes of them, at once if this fails.
 * @throws CallsignError `CARD_MISMATCH` where the front-end is not the one the card names
 */
export async function createDetector(parts: DetectorParts): Promise<Detector> {
  try {
    checkFrontend(parts);
    const stream = await createFeatureStream(parts.card, parts.frontend);
    return new Detector(parts, { stream });
  } catch (error) {
    await disposeParts(parts);
    throw error;
  }
}

function checkFrontend({ card, frontend }: DetectorParts): void {
  const wanted = card.frontend;
  if (frontend.floor !== wanted.floor)
    throw mismatch(card, `floor ${wanted.floor}`, `a front-end with floor ${frontend.floor}`);
  if (frontend.embeddingSha256 !== undefined && frontend.embeddingSha256 !== wanted.embedding.sha256)
    throw mismatch(card, `embedding ${wanted.embedding.sha256}`, `embedding ${frontend.embeddingSha256}`);
}

const mismatch = (card: ModelCard, wanted: string, got: string): CallsignError =>
  new CallsignError("CARD_MISMATCH", `${card.name}: the card was trained with ${wanted}, got ${got}`);

/**
 * Hears audio in chunks of any length and reports one step per hop, the same steps however the audio was cut. Calls
 * may overlap: they are carried out one after another, in the order they were made. Made by `createDetector`.
 */
export class Detector {
  readonly card: ModelCard;
  readonly #parts: DetectorParts;
  /** Of the sessions, which forks share. */
  readonly #sessions: Lifetime;
  readonly #isFork: boolean;
  readonly #stream: FeatureStream;
  readonly #decision: Decision;
  readonly #hop: Float32Array;
  #hopFilled = 0;
  /** Samples taken in by `push`, carried out or still waiting. */
  #accepted = 0;
  /** Samples in the steps so far, failed ones included. */
  #stepped = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  /** @param sessions of the detector this is a fork of */
  constructor(
    parts: DetectorParts,
    { stream, sessions }: { readonly stream: FeatureStream; readonly sessions?: Lifetime },
  ) {
    this.card = parts.card;
    this.#parts = parts;
    this.#isFork = sessions !== undefined;
    this.#sessions = sessions ?? new Lifetime();
    this.#stream = stream;
    this.#decision = new Decision(parts.card.labels, parts.card.decision);
    this.#hop = new Float32Array(stream.hopLength);
  }

  /**
   * Processes a chunk (copied at once, so the caller may reuse it) and returns the steps it completes. A chunk with a
   * sample that is not finite or far beyond full scale is refused whole and leaves no trace. Where a step fails, the rest
   * of the chunk is still processed, so that later timestamps stay right; then the first error is thrown.
   * @throws CallsignError `AUDIO_NOT_FINITE` or `AUDIO_OUT_OF_RANGE` naming the sample, `INVALID_ARGUMENT`, `DISPOSED`,
   * `SESSION_FAILED`, `MODEL_INVALID`
   */
  async push(chunk: Pcm): Promise<DetectorStep[]> {
    const samples = this.#take(chunk);
    return this.#enqueue(() => this.#process(samples));
  }

  /** Steps of a stream of chunks, each as soon as it is known. */
  async *detectStream(chunks: AsyncIterable<Pcm> | Iterable<Pcm>): AsyncGenerator<DetectorStep> {
    for await (const chunk of chunks) yield* await this.push(chunk);
  }

  /**
   * Steps of a whole clip, as a fresh detector would give them, without touching this stream. `embedding-sequence`
   * models compute the embeddings of the clip at once, about nine times cheaper, with the same scores.
   */
  async detectClip(clip: Pcm): Promise<DetectorStep[]> {
    this.#refuseIfDisposed();
    const samples = copySamples(clip, { name: "clip" });
    return this.#sessions.track(this.#scoreClip(samples));
  }

  async #scoreClip(samples: Float32Array): Promise<DetectorStep[]> {
    const { card, frontend, classifier } = this.#parts;
    if (card.windowing.kind !== "embedding-sequence") return this.fork().push(samples);
    const scores = await scoreSequence(samples, {
      frontend,
      classifier,
      embeddings: card.windowing.embeddings,
      copies: copiesOf(card),
    });
    const decision = new Decision(card.labels, card.decision);
    return scores.map((row, i) => makeStep(row, (i + 1) * this.#stream.hopLength, decision));
  }

  /** Starts again as if `samples` were the last thing heard before the stream's first sample. */
  async prime(samples: Pcm): Promise<void> {
    this.#refuseIfDisposed();
    const history = copySamples(samples, { name: "priming audio" });
    this.#accepted = 0;
    await this.#enqueue(async () => {
      this.#restart();
      await this.#stream.prime(history);
    });
  }

  /** Starts again at time zero, as if digital silence had come before. */
  async reset(): Promise<void> {
    this.#accepted = 0;
    await this.#enqueue(() => Promise.resolve(this.#restart()));
  }

  /** One step on silence that leaves no trace: for warming up, and for measuring. */
  async rehearse(): Promise<void> {
    this.#refuseIfDisposed();
    const stream = this.#stream.fresh();
    await this.#sessions.track(this.#score(stream, new Float32Array(stream.hopLength)));
  }

  /**
   * Another stream through the same sessions, from its own start. It ends with the detector it came from: later calls
   * throw `DISPOSED`.
   */
  fork(): Detector {
    this.#refuseIfDisposed();
    return new Detector(this.#parts, { stream: this.#stream.fresh(), sessions: this.#sessions });
  }

  /**
   * Waits for every call made before, of forks too, then frees the sessions; of a fork, ends that fork alone. Repeated
   * calls return the same promise.
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#isFork
      ? this.#queue.then(() => undefined)
      : this.#sessions.dispose(() => disposeParts(this.#parts));
    return this.#disposal;
  }

  #take(chunk: Pcm): Float32Array {
    this.#refuseIfDisposed();
    const samples = copySamples(chunk, { name: `chunk at sample ${this.#accepted} of the stream` });
    this.#accepted += samples.length;
    return samples;
  }

  async #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#refuseIfDisposed();
    const result = this.#sessions.track(this.#queue.then(task));
    // A failure belongs to its caller and does not hold up the next task.
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #process(samples: Float32Array): Promise<DetectorStep[]> {
    const steps: DetectorStep[] = [];
    const faults: unknown[] = [];
    for (let from = 0; from < samples.length;) {
      const taken = samples.subarray(from, from + this.#hop.length - this.#hopFilled);
      this.#hop.set(taken, this.#hopFilled);
      this.#hopFilled += taken.length;
      from += taken.length;
      if (this.#hopFilled < this.#hop.length) break;
      try {
        steps.push(await this.#step());
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
    return steps;
  }

  async #step(): Promise<DetectorStep> {
    this.#hopFilled = 0;
    this.#stepped += this.#hop.length;
    const scores = await this.#score(this.#stream, this.#hop);
    return makeStep(scores, this.#stepped, this.#decision);
  }

  async #score(stream: FeatureStream, hop: Float32Array): Promise<Float32Array> {
    const features = await stream.step(hop);
    return scoreCopies(this.#parts.classifier, { features, copies: stream.copies });
  }

  #restart(): void {
    this.#stream.reset();
    this.#decision.reset();
    this.#hopFilled = 0;
    this.#stepped = 0;
  }

  #refuseIfDisposed(): void {
    if (this.#disposal !== undefined || this.#sessions.isDisposed)
      throw new CallsignError("DISPOSED", `${this.card.name}: this detector was disposed of; load it again`);
  }
}

async function disposeParts({ classifier, frontend }: DetectorParts): Promise<void> {
  await Promise.all([classifier.dispose(), frontend.dispose()]);
}

function makeStep(scores: Float32Array, endSample: number, decision: Decision): DetectorStep {
  const timestampMs = (endSample * 1000) / SAMPLE_RATE_HZ;
  return { timestampMs, scores, detections: decision.step(scores, timestampMs) };
}
