import { EMBEDDING } from "../frontend/embedding.ts";
import type { Frontend } from "../frontend/frontend.ts";
import type { AudioVariant } from "../model/model-card.ts";
import { sliceRows } from "../runtime/matrix.ts";
import { VariantBuffer } from "./test-time-augmentation.ts";

export interface SlidingAudioOptions {
  readonly windowLength: number;
  readonly hopLength: number;
  readonly variants: readonly AudioVariant[];
}

/**
 * Feature stream of windowing `sliding-audio`: one embedding of the latest `windowLength` samples per hop, clamped per
 * window. The published model uses 13,000 samples every 512, that is 79 log-mel frames, of which the first 76 are used.
 */
export class SlidingAudio {
  readonly hopLength: number;
  readonly variants: number;
  readonly #frontend: Frontend;
  readonly #windowLength: number;
  readonly #audio: VariantBuffer;

  constructor(frontend: Frontend, { windowLength, hopLength, variants }: SlidingAudioOptions) {
    this.hopLength = hopLength;
    this.variants = variants.length;
    this.#frontend = frontend;
    this.#windowLength = windowLength;
    this.#audio = new VariantBuffer(variants, { length: windowLength });
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#audio.push(hop);
    const logMels = await this.#frontend.logMelBatch({
      data: this.#audio.windows,
      rows: this.variants,
      columns: this.#windowLength,
    });
    const frames = sliceRows(logMels, { from: 0, to: EMBEDDING.windowFrames });
    return (await this.#frontend.embedBatch(frames)).data;
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
