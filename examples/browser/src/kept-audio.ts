import { SAMPLE_RATE_HZ } from "@callsign/infer";

/** The latest audio, to be played back. */
export class KeptAudio {
  readonly #maxSamples: number;
  #chunks: Float32Array[] = [];
  #start = 0;
  #end = 0;

  constructor({ maxSeconds }: { readonly maxSeconds: number }) {
    this.#maxSamples = maxSeconds * SAMPLE_RATE_HZ;
  }

  push(chunk: Float32Array): void {
    this.#chunks.push(chunk);
    this.#end += chunk.length;
    while (this.#end - this.#start > this.#maxSamples && this.#chunks.length > 1)
      this.#start += this.#chunks.shift()!.length;
  }

  clear(): void {
    this.#chunks = [];
    this.#start = this.#end = 0;
  }

  get isEmpty(): boolean {
    return this.#end === this.#start;
  }

  get endMs(): number {
    return (this.#end * 1000) / SAMPLE_RATE_HZ;
  }

  /** Audio between two times as far as it is still kept, and the time at which it starts. */
  read({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): {
    readonly samples: Float32Array<ArrayBuffer>;
    readonly startMs: number;
  } {
    const place = (ms: number): number =>
      Math.min(this.#end, Math.max(this.#start, Math.round((ms * SAMPLE_RATE_HZ) / 1000)));
    const [from, to] = [place(fromMs), place(toMs)];
    const samples = new Float32Array(Math.max(0, to - from));
    let at = this.#start;
    for (const chunk of this.#chunks) {
      const first = Math.max(0, from - at);
      const last = Math.min(chunk.length, to - at);
      if (last > first) samples.set(chunk.subarray(first, last), at + first - from);
      at += chunk.length;
    }
    return { samples, startMs: (from * 1000) / SAMPLE_RATE_HZ };
  }
}
