import type { FeatureStream } from "./feature-stream.ts";
import { EMBEDDING } from "./embedding-graph.ts";
import type { Frontend } from "./frontend.ts";
import { LOG_MEL } from "./log-mel.ts";
import type { Matrix } from "./matrix.ts";

const { chunkLength, contextLength } = LOG_MEL;

/** A stream with windowing `embedding-sequence`; computes what the front-end makes of silence once. */
export async function createEmbeddingSequence(
  frontend: Frontend,
  { embeddings }: { readonly embeddings: number },
): Promise<EmbeddingSequence> {
  const { data, columns } = await frontend.logMel(new Float32Array(chunkLength));
  const logMel = repeat(data.subarray(0, columns), EMBEDDING.windowFrames);
  const embedding = await frontend.embed({ data: logMel, rows: EMBEDDING.windowFrames, columns });
  return new EmbeddingSequence(frontend, { logMel, features: repeat(embedding.data, embeddings) });
}

/** What the stream remembers after endless silence. */
interface Silence {
  /** `[76, 32]` */
  readonly logMel: Float32Array;
  /** `[embeddings, 96]` */
  readonly features: Float32Array;
}

/**
 * Windowing `embedding-sequence`: every 1280 samples make 8 new log-mel frames (one clamp for them and their 480
 * samples of context), the last 76 frames make one embedding, and the last 16 of those are one example.
 */
class EmbeddingSequence implements FeatureStream {
  readonly hopLength = chunkLength;
  readonly #frontend: Frontend;
  readonly #silence: Silence;
  /** The last samples heard, left context of the next chunk. */
  readonly #context = new Float32Array(contextLength);
  readonly #logMel: Float32Array;
  readonly #features: Float32Array;

  constructor(frontend: Frontend, silence: Silence) {
    this.#frontend = frontend;
    this.#silence = silence;
    this.#logMel = silence.logMel.slice();
    this.#features = silence.features.slice();
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    const { data, columns } = await this.#frontend.logMel(hop, { context: this.#context });
    this.#context.set(hop.subarray(-contextLength));
    append(this.#logMel, data);
    const window: Matrix = { data: this.#logMel, rows: EMBEDDING.windowFrames, columns };
    append(this.#features, (await this.#frontend.embed(window)).data);
    return this.#features;
  }

  /** Whole chunks only: what does not fill one is left out at the beginning. */
  async prime(samples: Float32Array): Promise<void> {
    this.reset();
    for (let from = samples.length % chunkLength; from < samples.length; from += chunkLength)
      await this.step(samples.subarray(from, from + chunkLength));
  }

  reset(): void {
    this.#context.fill(0);
    this.#logMel.set(this.#silence.logMel);
    this.#features.set(this.#silence.features);
  }

  fresh(): EmbeddingSequence {
    return new EmbeddingSequence(this.#frontend, this.#silence);
  }
}

/** Drops as many values at the front as come in at the end. */
function append(history: Float32Array, values: Float32Array): void {
  history.copyWithin(0, values.length);
  history.set(values, history.length - values.length);
}

function repeat(row: Float32Array, times: number): Float32Array {
  const rows = new Float32Array(row.length * times);
  for (let i = 0; i < times; i++) rows.set(row, i * row.length);
  return rows;
}
