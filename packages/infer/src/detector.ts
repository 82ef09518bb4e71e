import { checkFinite, fromInt16 } from "./audio/pcm.ts";
import { copiesOf, scoreCopies } from "./audio-copies.ts";
import type { Classifier } from "./classifier.ts";
import { Decision, type Detection } from "./decision.ts";
import { CallsignError } from "./errors.ts";
import { createFeatureStream } from "./create-feature-stream.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "./frontend.ts";
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

/** Mono audio at 16 kHz: int16 samples, or the same magnitudes in float32 (never -1 to 1). */
export type Pcm = Float32Array | Int16Array;

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
    return new Detector(parts, { stream, ownsParts: true });
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
  readonly #ownsParts: boolean;
  readonly #stream: FeatureStream;
  readonly #decision: Decision;
  readonly #hop: Float32Array;
  #hopFilled = 0;
  /** Samples taken in by `push`, carried out or still waiting. */
  #accepted = 0;
  /** Samples that steps have been made of. */
  #stepped = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  constructor(parts: DetectorParts, { stream, ownsParts }: { stream: FeatureStream; ownsParts: boolean }) {
    this.card = parts.card;
    this.#parts = parts;
    this.#ownsParts = ownsParts;
    this.#stream = stream;
    this.#decision = new Decision(parts.card.labels, parts.card.decision);
    this.#hop = new Float32Array(stream.hopLength);
  }

  /**
   * Hears a chunk (copied at once, so the caller may reuse it) and returns the steps it completes. A chunk with a
   * sample that is not a number is refused whole and leaves no trace.
   * @throws CallsignError `AUDIO_NOT_FINITE` naming the sample, `DISPOSED`
   */
  async push(chunk: Pcm): Promise<DetectorStep[]> {
    const samples = this.#take(chunk);
    return this.#enqueue(() => this.#hear(samples));
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
    const samples = toSamples(clip, "clip");
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
    const history = toSamples(samples, "priming audio");
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
    await this.#score(stream, new Float32Array(stream.hopLength));
  }

  /** Another stream through the same sessions, from its own start. It must not outlive the detector it came from. */
  fork(): Detector {
    this.#refuseIfDisposed();
    return new Detector(this.#parts, { stream: this.#stream.fresh(), ownsParts: false });
  }

  /** Waits for what was asked before, then frees the sessions. Any number of calls is one. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#freeWhenIdle();
    return this.#disposal;
  }

  async #freeWhenIdle(): Promise<void> {
    await this.#queue;
    if (this.#ownsParts) await disposeParts(this.#parts);
  }

  #take(chunk: Pcm): Float32Array {
    this.#refuseIfDisposed();
    const samples = toSamples(chunk, `chunk at sample ${this.#accepted} of the stream`);
    this.#accepted += samples.length;
    return samples;
  }

  async #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#refuseIfDisposed();
    const result = this.#queue.then(task);
    // What fails is told to its caller; the next in line is not held up by it.
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #hear(samples: Float32Array): Promise<DetectorStep[]> {
    const steps: DetectorStep[] = [];
    for (let from = 0; from < samples.length;) {
      const taken = samples.subarray(from, from + this.#hop.length - this.#hopFilled);
      this.#hop.set(taken, this.#hopFilled);
      this.#hopFilled += taken.length;
      from += taken.length;
      if (this.#hopFilled === this.#hop.length) steps.push(await this.#step());
    }
    return steps;
  }

  async #step(): Promise<DetectorStep> {
    this.#hopFilled = 0;
    const scores = await this.#score(this.#stream, this.#hop);
    this.#stepped += this.#hop.length;
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
    if (this.#disposal !== undefined)
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

/** A copy in float32. */
function toSamples(pcm: Pcm, name: string): Float32Array {
  if (pcm instanceof Int16Array) return fromInt16(pcm);
  if (!(pcm instanceof Float32Array))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `${name}: expected a Float32Array or an Int16Array of samples`,
    );
  checkFinite(pcm, { name });
  return pcm.slice();
}
