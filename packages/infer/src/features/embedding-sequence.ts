import { VariantBuffer } from "./test-time-augmentation.ts";
import type { FeatureStream } from "./feature-stream.ts";
import { LOG_MEL } from "../frontend/log-mel.ts";
import type { AudioVariant } from "../model/model-card.ts";
import { StreamStates } from "../frontend/streaming/stream-states.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";

const { chunkLength } = LOG_MEL;

export interface EmbeddingSequenceOptions {
  readonly embeddings: number;
  readonly variants: readonly AudioVariant[];
}

/**
 * Windowing `embedding-sequence`: every 1280 samples make 8 new log-mel frames (one clamp for them and their 480
 * samples of context), these make one embedding together with what each layer remembers, and the last 16 embeddings are
 * one example. Every copy is a stream of its own, and all step in one run.
 */
export class EmbeddingSequence implements FeatureStream {
  readonly hopLength = chunkLength;
  readonly variants: number;
  readonly #audio: VariantBuffer;
  readonly #batch: StreamStates;

  constructor(runner: StreamRunner, options: EmbeddingSequenceOptions) {
    const { embeddings, variants } = options;
    this.variants = variants.length;
    this.#audio = new VariantBuffer(variants, chunkLength);
    this.#batch = new StreamStates(runner, { embeddings, streams: variants.length });
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#audio.push(hop);
    this.#audio.copyTo(this.#batch.samples);
    await this.#batch.step();
    return this.#batch.features;
  }

  /** Whole chunks only: what does not fill one is left out at the beginning. */
  async prime(samples: Float32Array): Promise<void> {
    this.reset();
    for (let from = samples.length % chunkLength; from < samples.length; from += chunkLength)
      await this.step(samples.subarray(from, from + chunkLength));
  }

  reset(): void {
    this.#audio.reset();
    this.#batch.reset();
  }
}
