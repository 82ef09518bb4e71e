import type { Classifier } from "../model/classifier.ts";
import { StreamStates } from "../frontend/streaming/stream-states.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";

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
 * stay their owner's. A card's `testTimeAugmentation` has no part in it.
 */
export class StreamBatch {
  /** The next chunk of every stream `[streams, 1280]`, int16 magnitudes; must be finite. */
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

  /** Hears `samples` and returns scores `[streams, labels]`. @throws CallsignError `SESSION_FAILED`, `MODEL_INVALID` */
  async step(): Promise<Float32Array> {
    await this.#batch.step();
    return this.#classifier.score(this.#batch.features, this.streams);
  }

  /** Starts one stream again, as if digital silence had come before. */
  reset(stream: number): void {
    this.#batch.resetStream(stream);
  }
}
