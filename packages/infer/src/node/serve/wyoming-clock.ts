/**
 * Time of a stream in the client's own clock. It runs with the audio, and jumps forward where a chunk's timestamp says
 * that audio was left out (a muted microphone, a pause). All times are milliseconds.
 */
export class WyomingClock {
  /** From each position in the stream on, what to add to it. */
  readonly #offsets: { readonly fromMs: number; readonly offsetMs: number }[];
  #audioMs = 0;

  constructor(startMs: number) {
    this.#offsets = [{ fromMs: 0, offsetMs: startMs }];
  }

  /** The client's time at the end of the audio so far. */
  get nowMs(): number {
    return this.#audioMs + this.#offsets.at(-1)!.offsetMs;
  }

  /** Counts a chunk; `timestampMs` is the client's time of its first sample. */
  add(chunkMs: number, timestampMs?: number): void {
    if (timestampMs !== undefined && timestampMs - this.nowMs > JITTER_MS)
      this.#offsets.push({ fromMs: this.#audioMs, offsetMs: timestampMs - this.#audioMs });
    this.#audioMs += chunkMs;
  }

  /** The client's time of a position in the stream. Positions must not decrease from call to call. */
  at(streamMs: number): number {
    while (this.#offsets.length > 1 && this.#offsets[1]!.fromMs < streamMs) this.#offsets.shift();
    return streamMs + this.#offsets[0]!.offsetMs;
  }
}

/** Timestamps taken when a chunk is read vary by less than this without a gap in the audio. */
const JITTER_MS = 500;
