import { VariantBuffer } from "./test-time-augmentation.ts";
import { EMBEDDING } from "../frontend/embedding.ts";
import type { FeatureStream } from "./feature-stream.ts";
import type { Frontend } from "../frontend/frontend.ts";
import type { AudioVariant } from "../model/model-card.ts";
import { sliceRows } from "../runtime/rows.ts";

export interface SlidingAudioOptions {
  readonly windowLength: number;
  readonly hopLength: number;
  readonly variants: readonly AudioVariant[];
}

/**
 * Windowing `sliding-audio`: at every hop one embedding of the last `windowLength` samples, with one clamp for the
 * window. As published: 13,000 samples every 512, which make 79 log-mel frames, of which only the first 76 are read.
 */
export class SlidingAudio implements FeatureStream {
  readonly hopLength: number;
  readonly variants: number;
  readonly #frontend: Frontend;
  readonly #options: SlidingAudioOptions;
  readonly #audio: VariantBuffer;
  /** `[variants, windowLength]` */
  readonly #windows: Float32Array;

  constructor(frontend: Frontend, options: SlidingAudioOptions) {
    const { windowLength, hopLength, variants } = options;
    this.hopLength = hopLength;
    this.variants = variants.length;
    this.#frontend = frontend;
    this.#options = options;
    this.#audio = new VariantBuffer(variants, windowLength);
    this.#windows = new Float32Array(variants.length * windowLength);
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#audio.push(hop);
    this.#audio.copyTo(this.#windows);
    const logMels = await this.#frontend.logMelBatch({
      data: this.#windows,
      rows: this.variants,
      columns: this.#options.windowLength,
    });
    const read = sliceRows(logMels, { from: 0, to: EMBEDDING.windowFrames });
    return (await this.#frontend.embedBatch(read)).data;
  }

  prime(samples: Float32Array): Promise<void> {
    this.reset();
    this.#audio.push(samples);
    return Promise.resolve();
  }

  reset(): void {
    this.#audio.reset();
  }
}
