import { EMBEDDING } from "./embedding-graph.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "./frontend.ts";
import { LOG_MEL } from "./log-mel.ts";
import type { StreamRunner } from "./stream-runner.ts";

const { chunkLength } = LOG_MEL;
const { dimension } = EMBEDDING;

/** A stream with windowing `embedding-sequence`. */
export async function createEmbeddingSequence(
  frontend: Frontend,
  { embeddings }: { readonly embeddings: number },
): Promise<EmbeddingSequence> {
  return new EmbeddingSequence(await frontend.streams(), { embeddings });
}

/**
 * Windowing `embedding-sequence`: every 1280 samples make 8 new log-mel frames (one clamp for them and their 480
 * samples of context), these make one embedding together with what each layer remembers, and the last 16 embeddings are
 * one example.
 */
class EmbeddingSequence implements FeatureStream {
  readonly hopLength = chunkLength;
  readonly #runner: StreamRunner;
  readonly #samples = new Float32Array(chunkLength);
  readonly #state: Float32Array;
  readonly #embedding = new Float32Array(dimension);
  readonly #features: Float32Array;
  readonly #advance: () => Promise<void>;

  constructor(runner: StreamRunner, { embeddings }: { readonly embeddings: number }) {
    this.#runner = runner;
    this.#state = runner.silence.slice();
    this.#features = new Float32Array(embeddings * dimension);
    this.#advance = runner.join({
      samples: this.#samples,
      states: this.#state,
      embeddings: this.#embedding,
    });
    this.reset();
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#samples.set(hop);
    await this.#advance();
    this.#features.copyWithin(0, dimension);
    this.#features.set(this.#embedding, this.#features.length - dimension);
    return this.#features;
  }

  /** Whole chunks only: what does not fill one is left out at the beginning. */
  async prime(samples: Float32Array): Promise<void> {
    this.reset();
    for (let from = samples.length % chunkLength; from < samples.length; from += chunkLength)
      await this.step(samples.subarray(from, from + chunkLength));
  }

  reset(): void {
    const { silence, silentEmbedding } = this.#runner;
    this.#state.set(silence);
    for (let from = 0; from < this.#features.length; from += dimension)
      this.#features.set(silentEmbedding, from);
  }

  fresh(): EmbeddingSequence {
    return new EmbeddingSequence(this.#runner, { embeddings: this.#features.length / dimension });
  }
}
