import { CallsignError } from "../errors.ts";

/** Last `capacity` samples of a stream, oldest first; zeros before its start. */
export class RingBuffer {
  readonly capacity: number;
  readonly #data: Float32Array;
  /** Index of the next sample to write, which is the oldest one. */
  #next = 0;

  /** @throws CallsignError `INVALID_ARGUMENT` */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `ring buffer: expected a capacity of 1 or more, got ${capacity}`,
      );
    this.capacity = capacity;
    this.#data = new Float32Array(capacity);
  }

  /** Appends a copy of samples in place of the oldest ones. */
  push(samples: Float32Array): void {
    const { capacity } = this;
    const last = samples.length > capacity ? samples.subarray(samples.length - capacity) : samples;
    const untilEnd = Math.min(last.length, capacity - this.#next);
    this.#data.set(last.subarray(0, untilEnd), this.#next);
    this.#data.set(last.subarray(untilEnd), 0);
    this.#next = (this.#next + last.length) % capacity;
  }

  /** Copies all `capacity` samples, oldest first, to the start of `target`. @throws CallsignError `INVALID_ARGUMENT` */
  copyTo(target: Float32Array): void {
    if (target.length < this.capacity)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `ring buffer: expected a target of ${this.capacity} samples or more, got ${target.length}`,
      );
    const older = this.#data.subarray(this.#next);
    target.set(older, 0);
    target.set(this.#data.subarray(0, this.#next), older.length);
  }

  /** Copy of samples `start` to `end` (exclusive), counted from the oldest, both 0 to `capacity`. */
  slice(start: number, end: number): Float32Array {
    const older = this.capacity - this.#next;
    const samples = new Float32Array(Math.max(0, end - start));
    const first = this.#data.subarray(this.#next + start, this.#next + Math.min(end, older));
    samples.set(first);
    samples.set(this.#data.subarray(Math.max(0, start - older), Math.max(0, end - older)), first.length);
    return samples;
  }

  /** Fills the buffer with silence. */
  reset(): void {
    this.#data.fill(0);
    this.#next = 0;
  }
}
