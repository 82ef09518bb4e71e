import { AudioCopies } from "./audio-copies.ts";
import { EMBEDDING } from "./embedding-graph.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "./frontend.ts";
import type { MatrixBatch } from "./matrix-batch.ts";
import type { AudioCopy } from "./model-card.ts";

export interface SlidingAudioOptions {
  readonly windowLength: number;
  readonly hopLength: number;
  readonly copies: readonly AudioCopy[];
}

/**
 * Windowing `sliding-audio`: at every hop one embedding of the last `windowLength` samples, with one clamp for the
 * window. As published: 13,000 samples every 512, which make 79 log-mel frames, of which only the first 76 are read.
 */
export class SlidingAudio implements FeatureStream {
  readonly hopLength: number;
  readonly copies: number;
  readonly #frontend: Frontend;
  readonly #options: SlidingAudioOptions;
  readonly #audio: AudioCopies;
  /** `[copies, windowLength]` */
  readonly #windows: Float32Array;

  constructor(frontend: Frontend, options: SlidingAudioOptions) {
    const { windowLength, hopLength, copies } = options;
    this.hopLength = hopLength;
    this.copies = copies.length;
    this.#frontend = frontend;
    this.#options = options;
    this.#audio = new AudioCopies(copies, windowLength);
    this.#windows = new Float32Array(copies.length * windowLength);
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#audio.push(hop);
    this.#audio.copyTo(this.#windows);
    const logMels = await this.#frontend.logMelBatch({
      data: this.#windows,
      rows: this.copies,
      columns: this.#options.windowLength,
    });
    return (await this.#frontend.embedBatch(firstRows(logMels, EMBEDDING.windowFrames))).data;
  }

  prime(samples: Float32Array): Promise<void> {
    this.reset();
    this.#audio.push(samples);
    return Promise.resolve();
  }

  reset(): void {
    this.#audio.reset();
  }

  fresh(): SlidingAudio {
    return new SlidingAudio(this.#frontend, this.#options);
  }
}

function firstRows({ data, batch, rows, columns }: MatrixBatch, count: number): MatrixBatch {
  const first = new Float32Array(batch * count * columns);
  for (let i = 0; i < batch; i++) {
    const from = i * rows * columns;
    first.set(data.subarray(from, from + count * columns), i * count * columns);
  }
  return { data: first, batch, rows: count, columns };
}
