import { CallsignError } from "../errors.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** The latest seconds of a stream, to be cut from by sample number. */
export class AudioHistory {
  readonly #ring: RingBuffer;
  #heard = 0;

  constructor(capacity: number) {
    this.#ring = new RingBuffer(capacity);
  }

  /** Samples heard since the start. */
  get heard(): number {
    return this.#heard;
  }

  push(samples: Float32Array): void {
    this.#ring.push(samples);
    this.#heard += samples.length;
  }

  /**
   * Samples `from` to `to` (excluded) of the stream, cut to what has been heard and silence before its start; a copy.
   * @throws CallsignError `INVALID_ARGUMENT` where the beginning is no longer kept, or `from` is not at or before `to`
   */
  read({ from, to }: { readonly from: number; readonly to: number }): Float32Array {
    const { capacity } = this.#ring;
    const oldest = this.#heard - capacity;
    if (!(from <= to))
      throw new CallsignError("INVALID_ARGUMENT", `audio: expected a range of numbers, got ${from} to ${to}`);
    const start = Math.max(0, Math.floor(from));
    const end = Math.max(start, Math.min(this.#heard, Math.ceil(to)));
    if (start < oldest)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `audio from sample ${start}: only the last ${capacity} samples are kept, from ${oldest} on; ask sooner or keep more`,
      );
    return this.#ring.slice(start - oldest, end - oldest);
  }

  reset(): void {
    this.#ring.reset();
    this.#heard = 0;
  }
}
