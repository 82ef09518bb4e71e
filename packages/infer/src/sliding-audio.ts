import { RingBuffer } from "./audio/ring-buffer.ts";
import type { FeatureStream } from "./feature-stream.ts";
import { EMBEDDING } from "./embedding-graph.ts";
import type { Frontend } from "./frontend.ts";

/**
 * Windowing `sliding-audio`: at every hop one embedding of the last `windowLength` samples, with one clamp for the
 * window. As published: 13,000 samples every 512, which make 79 log-mel frames, of which only the first 76 are read.
 */
export class SlidingAudio implements FeatureStream {
  readonly hopLength: number;
  readonly #frontend: Frontend;
  readonly #ring: RingBuffer;
  readonly #window: Float32Array;

  constructor(
    frontend: Frontend,
    { windowLength, hopLength }: { readonly windowLength: number; readonly hopLength: number },
  ) {
    this.hopLength = hopLength;
    this.#frontend = frontend;
    this.#ring = new RingBuffer(windowLength);
    this.#window = new Float32Array(windowLength);
  }

  async step(hop: Float32Array): Promise<Float32Array> {
    this.#ring.push(hop);
    this.#ring.copyTo(this.#window);
    const { data, columns } = await this.#frontend.logMel(this.#window);
    const rows = EMBEDDING.windowFrames;
    const { data: embedding } = await this.#frontend.embed({
      data: data.subarray(0, rows * columns),
      rows,
      columns,
    });
    return embedding;
  }

  prime(samples: Float32Array): Promise<void> {
    this.reset();
    this.#ring.push(samples);
    return Promise.resolve();
  }

  reset(): void {
    this.#ring.reset();
  }

  fresh(): SlidingAudio {
    return new SlidingAudio(this.#frontend, { windowLength: this.#window.length, hopLength: this.hopLength });
  }
}
