import type { CallsignError } from "../errors.ts";

/** Audio between whoever makes it and whoever hears it; iterates until it is ended. */
export class ChunkQueue implements AsyncIterable<Float32Array> {
  readonly #mostSamples: number;
  readonly #onDropped: (samples: number) => void;
  #chunks: Float32Array[] = [];
  #samples = 0;
  #isEnded = false;
  #fault: CallsignError | undefined;
  #wake: (() => void) | undefined;

  /** More than `mostSamples` are not kept: the oldest go, and `onDropped` is told how many. */
  constructor(options: { readonly mostSamples: number; readonly onDropped?: (samples: number) => void }) {
    this.#mostSamples = options.mostSamples;
    this.#onDropped = options.onDropped ?? (() => undefined);
  }

  push(chunk: Float32Array): void {
    if (this.#isEnded) return;
    this.#chunks.push(chunk);
    this.#samples += chunk.length;
    let dropped = 0;
    while (this.#samples > this.#mostSamples && this.#chunks.length > 1) {
      const oldest = this.#chunks.shift()!;
      this.#samples -= oldest.length;
      dropped += oldest.length;
    }
    if (dropped > 0) this.#onDropped(dropped);
    this.#wake?.();
  }

  /** What is in it is still heard; then the loop ends, or throws. */
  end(fault?: CallsignError): void {
    this.#isEnded = true;
    this.#fault ??= fault;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Float32Array, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#samples -= chunk.length;
        yield chunk;
      } else if (this.#isEnded) {
        if (this.#fault) throw this.#fault;
        return;
      } else {
        // oxlint-disable-next-line promise/avoid-new -- woken by the next push
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }
}
