/**
 * Maps positions in a stream to the client's clock, which advances with the audio and jumps forward when the timestamp of a
 * chunk shows a gap (a muted microphone, a pause). All times are in milliseconds.
 */
export class WyomingClock {
  /** Offsets to the client's clock, each from a position in the stream on. */
  readonly #offsets: { readonly fromMs: number; readonly offsetMs: number }[];
  #audioMs = 0;

  constructor(startMs: number) {
    this.#offsets = [{ fromMs: 0, offsetMs: startMs }];
  }

  /** Client's time at the end of the audio so far. */
  get nowMs(): number {
    return this.#audioMs + this.#offsets.at(-1)!.offsetMs;
  }

  /** Adds a chunk. @param timestampMs client's time of its first sample */
  add(chunkMs: number, timestampMs?: number): void {
    if (timestampMs !== undefined && timestampMs - this.nowMs > JITTER_MS)
      this.#offsets.push({ fromMs: this.#audioMs, offsetMs: timestampMs - this.#audioMs });
    this.#audioMs += chunkMs;
  }

  /** Client's time at a position in the stream. Positions must not decrease from call to call. */
  at(streamMs: number): number {
    while (this.#offsets.length > 1 && this.#offsets[1]!.fromMs < streamMs) this.#offsets.shift();
    return streamMs + this.#offsets[0]!.offsetMs;
  }
}

/** Largest deviation of a timestamp that does not count as a gap; timestamps are taken when a chunk is read. */
const JITTER_MS = 500;
