import type { Classifier } from "./classifier.ts";
import { EMBEDDING } from "./embedding-graph.ts";
import { LOG_MEL } from "./log-mel.ts";
import type { StreamRunner } from "./stream-runner.ts";

export interface StreamBatchParts {
  /** From `Frontend.streams`. */
  readonly runner: StreamRunner;
  readonly classifier: Classifier;
  /** Embeddings that one score is read from. */
  readonly embeddings: number;
  readonly streams: number;
}

/**
 * Many streams of windowing `embedding-sequence` that step together through one front-end and one classifier: fill
 * `samples`, call `step`, read a row of scores a stream. A stream whose audio is late is best given silence. Sessions
 * stay their owner's.
 */
export class StreamBatch {
  /** The next chunk of every stream `[streams, 1280]`, int16 magnitudes; must be finite. */
  readonly samples: Float32Array;
  readonly streams: number;
  readonly #parts: StreamBatchParts;
  readonly #states: Float32Array;
  readonly #embeddings: Float32Array;
  /** `[streams, embeddings, 96]` */
  readonly #features: Float32Array;
  readonly #runs: readonly (() => Promise<void>)[];

  constructor(parts: StreamBatchParts) {
    const { runner, streams, embeddings } = parts;
    this.#parts = parts;
    this.streams = streams;
    this.samples = new Float32Array(streams * chunkLength);
    this.#states = new Float32Array(streams * runner.stateLength);
    this.#embeddings = new Float32Array(streams * dimension);
    this.#features = new Float32Array(streams * embeddings * dimension);
    this.#runs = Array.from({ length: Math.ceil(streams / STREAMS_AT_ONCE) }, (_, run) => {
      const [from, to] = [run * STREAMS_AT_ONCE, Math.min(streams, (run + 1) * STREAMS_AT_ONCE)];
      return runner.bind({
        samples: this.samples.subarray(from * chunkLength, to * chunkLength),
        states: this.#states.subarray(from * runner.stateLength, to * runner.stateLength),
        embeddings: this.#embeddings.subarray(from * dimension, to * dimension),
      });
    });
    for (let stream = 0; stream < streams; stream++) this.reset(stream);
  }

  /** Hears `samples` and returns scores `[streams, labels]`. @throws CallsignError `SESSION_FAILED`, `MODEL_INVALID` */
  async step(): Promise<Float32Array> {
    for (const run of this.#runs) await run();
    const length = this.#parts.embeddings * dimension;
    for (let stream = 0; stream < this.streams; stream++) {
      const from = stream * length;
      this.#features.copyWithin(from, from + dimension, from + length);
      const embedding = this.#embeddings.subarray(stream * dimension, (stream + 1) * dimension);
      this.#features.set(embedding, from + length - dimension);
    }
    return this.#parts.classifier.score(this.#features, this.streams);
  }

  /** Starts one stream again, as if digital silence had come before. */
  reset(stream: number): void {
    const { runner, embeddings } = this.#parts;
    this.#states.set(runner.silence, stream * runner.stateLength);
    for (let i = 0; i < embeddings; i++)
      this.#features.set(runner.silentEmbedding, (stream * embeddings + i) * dimension);
  }
}

const { chunkLength } = LOG_MEL;
const { dimension } = EMBEDDING;

/** Streams in one run: enough to spread its fixed cost, few enough to stay in the cache and keep the event loop free. */
const STREAMS_AT_ONCE = 16;
