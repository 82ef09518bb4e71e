import { CallsignError } from "../errors.ts";

export interface ChunkQueueOptions {
  /** Capacity in samples; beyond it the oldest chunks are dropped. */
  readonly maxSamples: number;
  /** Called with the number of samples dropped. */
  readonly onDropped?: (samples: number) => void;
  /** Called when the loop over the queue is left. */
  readonly onLeft?: () => Promise<void> | void;
}

/** Queue of audio for a single loop, which runs until `end`. */
export class ChunkQueue implements AsyncIterable<Float32Array> {
  readonly #options: ChunkQueueOptions;
  #chunks: Float32Array[] = [];
  #samples = 0;
  #isEnded = false;
  #fault: CallsignError | undefined;
  #hasReader = false;
  /** Pending reads. */
  #waiting: (() => void)[] = [];

  constructor(options: ChunkQueueOptions) {
    this.#options = options;
  }

  push(chunk: Float32Array): void {
    if (this.#isEnded) return;
    this.#chunks.push(chunk);
    this.#samples += chunk.length;
    let dropped = 0;
    while (this.#samples > this.#options.maxSamples && this.#chunks.length > 1)
      dropped += this.#take().length;
    if (dropped > 0) this.#options.onDropped?.(dropped);
    this.#wake();
  }

  /** Ends the iteration after the queued chunks, with an error if `fault` is given. */
  end(fault?: CallsignError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#fault = fault;
    this.#wake();
  }

  /**
   * Leaving the loop drops the queued chunks and ends a pending read.
   * @throws CallsignError `INVALID_ARGUMENT` for a second concurrent loop, since each would get a part of the audio
   */
  [Symbol.asyncIterator](): AsyncIterator<Float32Array, void, undefined> {
    if (this.#hasReader && !this.#isEnded)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        "microphone: a loop reads it already; share its chunks from that loop, or open the microphone a second time",
      );
    this.#hasReader = true;
    return {
      next: async () => {
        while (this.#chunks.length === 0 && !this.#isEnded)
          // oxlint-disable-next-line promise/avoid-new -- resolved by the next push
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (this.#chunks.length > 0) return { done: false, value: this.#take() };
        const fault = this.#fault;
        this.#fault = undefined;
        if (fault) throw fault;
        return { done: true, value: undefined };
      },
      return: async () => {
        this.#chunks = [];
        this.#samples = 0;
        this.#fault = undefined;
        this.end();
        await this.#options.onLeft?.();
        return { done: true, value: undefined };
      },
    };
  }

  #take(): Float32Array {
    const chunk = this.#chunks.shift()!;
    this.#samples -= chunk.length;
    return chunk;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
