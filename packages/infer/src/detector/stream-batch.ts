import type { Classifier } from "../model/classifier.ts";
import { StreamStates } from "../features/embedding-sequence.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";

export interface StreamBatchParts {
  /** From `Frontend.streams`. */
  readonly runner: StreamRunner;
  readonly classifier: Classifier;
  /** Embeddings per example. */
  readonly embeddings: number;
  readonly streams: number;
}

/**
 * Streams of windowing `embedding-sequence` that step together through one front-end and one classifier: fill `samples`,
 * call `step`, and read one row of scores per stream. Give silence to a stream whose audio is late. The sessions are not
 * disposed of here, and a card's `testTimeAugmentation` is not applied.
 */
export class StreamBatch {
  /** Next chunk of every stream, `[streams, 1280]`, int16 magnitudes; must be finite. */
  readonly samples: Float32Array;
  readonly streams: number;
  readonly #batch: StreamStates;
  readonly #classifier: Classifier;

  constructor({ runner, classifier, ...options }: StreamBatchParts) {
    this.#batch = new StreamStates(runner, options);
    this.#classifier = classifier;
    this.streams = options.streams;
    this.samples = this.#batch.samples;
  }

  /** Processes `samples` and returns scores `[streams, labels]`. @throws CallsignError `SESSION_FAILED`, `MODEL_INVALID` */
  async step(): Promise<Float32Array> {
    await this.#batch.step();
    return this.#classifier.score(this.#batch.features, this.streams);
  }

  /** Restarts one stream, as if preceded by digital silence. */
  reset(stream: number): void {
    this.#batch.resetStream(stream);
  }
}
