import { EMBEDDING } from "../frontend/embedding.ts";
import { LOG_MEL } from "../frontend/log-mel.ts";
import { MAX_STREAMS } from "../frontend/streaming/step-batcher.ts";
import type { StreamRunner } from "../frontend/streaming/stream-runner.ts";
import type { AudioVariant } from "../model/model-card.ts";
import { row } from "../runtime/matrix.ts";
import { VariantBuffer } from "./test-time-augmentation.ts";

const { chunkLength } = LOG_MEL;
const { dimension } = EMBEDDING;

/** Chunks that one embedding depends on, including its own: 76 frames at 8 per chunk, 9.5, rounded up. */
export const EMBEDDING_CHUNKS = 10;

/**
 * Feature stream of windowing `embedding-sequence`. Every 1280 samples give 8 log-mel frames (clamped together with their
 * 480 samples of context), and these one embedding; the latest `embeddings` embeddings form an example. The variants of
 * test-time augmentation are separate streams that step in one run.
 */
export class EmbeddingSequence {
  readonly hopLength = chunkLength;
  readonly variants: number;
  readonly #audio: VariantBuffer;
  readonly #streams: StreamStates;

  constructor(
    runner: StreamRunner,
    { embeddings, variants }: { readonly embeddings: number; readonly variants: readonly AudioVariant[] },
  ) {
    this.variants = variants.length;
    this.#streams = new StreamStates(runner, { embeddings, streams: variants.length });
    this.#audio = new VariantBuffer(variants, { length: chunkLength, target: this.#streams.samples });
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#audio.push(hop);
    await this.#streams.step();
    return this.#streams.features;
  }

  /** Processes whole chunks only: a remainder is dropped at the beginning of `samples`. */
  async prime(samples: Float32Array): Promise<void> {
    this.reset();
    for (let from = samples.length % chunkLength; from < samples.length; from += chunkLength)
      await this.step(samples.subarray(from, from + chunkLength));
  }

  reset(): void {
    this.#audio.reset();
    this.#streams.reset();
  }
}

export interface StreamStatesOptions {
  /** Embeddings per example. */
  readonly embeddings: number;
  readonly streams: number;
}

/** States of streams that step together, with the latest embeddings of each. */
export class StreamStates {
  /** Next chunk of every stream, `[streams, 1280]`, int16 magnitudes; must be finite. Fill before `step`. */
  readonly samples: Float32Array;
  /** One example per stream, `[streams, embeddings, 96]`, updated by `step`. */
  readonly features: Float32Array;
  readonly streams: number;
  readonly #runner: StreamRunner;
  readonly #exampleLength: number;
  readonly #states: Float32Array;
  readonly #latest: Float32Array;
  readonly #runs: readonly (() => Promise<void>)[];

  /** @param runner from `Frontend.streams`; not disposed of here */
  constructor(runner: StreamRunner, { embeddings, streams }: StreamStatesOptions) {
    this.#runner = runner;
    this.streams = streams;
    this.#exampleLength = embeddings * dimension;
    this.samples = new Float32Array(streams * chunkLength);
    this.features = new Float32Array(streams * this.#exampleLength);
    this.#states = new Float32Array(streams * runner.stateLength);
    this.#latest = new Float32Array(streams * dimension);
    this.#runs = this.#bindRuns();
    this.reset();
  }

  /** Processes `samples` and updates `features`. @throws CallsignError `SESSION_FAILED` */
  async step(): Promise<void> {
    for (const run of this.#runs) await run();
    const length = this.#exampleLength;
    for (let stream = 0; stream < this.streams; stream++) {
      const [from, to] = [stream * length, (stream + 1) * length];
      this.features.copyWithin(from, from + dimension, to);
      this.features.set(row(this.#latest, { length: dimension, i: stream }), to - dimension);
    }
  }

  /** Restarts all streams, as if preceded by digital silence. */
  reset(): void {
    for (let stream = 0; stream < this.streams; stream++) this.resetStream(stream);
  }

  /** Restarts one stream, as if preceded by digital silence. */
  resetStream(stream: number): void {
    const { silence, silentEmbedding, stateLength } = this.#runner;
    this.#states.set(silence, stream * stateLength);
    const example = row(this.features, { length: this.#exampleLength, i: stream });
    for (let from = 0; from < example.length; from += dimension) example.set(silentEmbedding, from);
  }

  #bindRuns(): (() => Promise<void>)[] {
    const runner = this.#runner;
    const buffers = { samples: this.samples, states: this.#states, embeddings: this.#latest };
    // A single stream shares runs with other single streams.
    if (this.streams === 1) return [runner.bindBatched(buffers)];
    return Array.from({ length: Math.ceil(this.streams / MAX_STREAMS) }, (_, run) => {
      const [from, to] = [run * MAX_STREAMS, Math.min(this.streams, (run + 1) * MAX_STREAMS)];
      return runner.bind({
        samples: buffers.samples.subarray(from * chunkLength, to * chunkLength),
        states: buffers.states.subarray(from * runner.stateLength, to * runner.stateLength),
        embeddings: buffers.embeddings.subarray(from * dimension, to * dimension),
      });
    });
  }
}
