import { CallsignError } from "../errors.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** Latest samples of a stream, addressed by their position in the stream. */
export class AudioHistory {
  readonly #ring: RingBuffer;
  #length = 0;

  constructor(capacity: number) {
    this.#ring = new RingBuffer(capacity);
  }

  push(samples: Float32Array): void {
    this.#ring.push(samples);
    this.#length += samples.length;
  }

  /**
   * Copy of samples `from` to `to` (exclusive) of the stream, limited to its start and to the samples received so far.
   * @throws CallsignError `INVALID_ARGUMENT` if `from` is no longer kept or is greater than `to`
   */
  read({ from, to }: { readonly from: number; readonly to: number }): Float32Array {
    const { capacity } = this.#ring;
    const oldest = this.#length - capacity;
    if (!(from <= to))
      throw new CallsignError("INVALID_ARGUMENT", `audio: expected a range of numbers, got ${from} to ${to}`);
    const start = Math.max(0, Math.floor(from));
    const end = Math.max(start, Math.min(this.#length, Math.ceil(to)));
    if (start < oldest)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `audio from sample ${start}: only the last ${capacity} samples are kept, from ${oldest} on; ask sooner or keep more`,
      );
    return this.#ring.slice(start - oldest, end - oldest);
  }

  reset(): void {
    this.#ring.reset();
    this.#length = 0;
  }
}
