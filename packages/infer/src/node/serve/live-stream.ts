import { checkSamples } from "../../audio/pcm.ts";
import { PcmDecoder, type PcmEncoding } from "../../audio/pcm-decoder.ts";
import { Resampler } from "../../audio/resampler.ts";
import type { DetectorStream } from "../../detector-stream.ts";
import type { ModelStep } from "../../feature-track.ts";
import { SAMPLE_RATE_HZ } from "../../model-card.ts";

/** How a client's bytes are to be read. */
export interface PcmFormat {
  readonly encoding: PcmEncoding;
  readonly sampleRateHz: number;
  readonly channels: number;
}

export interface LiveStreamOptions {
  readonly format: PcmFormat;
  /** The stream heard into; bytes that come before it is open wait. */
  readonly stream: Promise<DetectorStream>;
  /** Steps as they are done, and how long after their audio came in, in seconds. The next wait for what it returns. */
  readonly onSteps: (steps: readonly ModelStep[], latencySeconds: number) => Promise<void> | undefined;
  /** Told after every piece: what still waits, in seconds of audio. */
  readonly onBacklog: (seconds: number) => void;
  /** The first thing that went wrong; nothing is heard after it. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Bytes of one client to steps of its stream, in the order they came. A long message is heard a piece at a time, so that
 * neither its decoding nor its steps hold up another client, and its detections do not wait for its end.
 */
export class LiveStream {
  readonly format: PcmFormat;
  readonly #options: LiveStreamOptions;
  readonly #decoder: PcmDecoder;
  readonly #resampler: Resampler;
  readonly #bytesPerSecond: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #waitingBytes = 0;
  #running = false;
  #closed = false;

  /** @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` */
  constructor(options: LiveStreamOptions) {
    const { encoding, sampleRateHz, channels } = options.format;
    this.format = options.format;
    this.#options = options;
    this.#decoder = new PcmDecoder({ encoding, channels });
    this.#resampler = new Resampler({ fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
    this.#bytesPerSecond = bytesPerSecondOf(options.format);
  }

  /** Seconds of audio in so many bytes. */
  secondsOf(bytes: number): number {
    return bytes / this.#bytesPerSecond;
  }

  /** Takes bytes in, to be heard in their turn; they are the stream's from here on. Returns what waits, in seconds. */
  push(bytes: Uint8Array): number {
    if (this.#closed || bytes.length === 0) return this.secondsOf(this.#waitingBytes);
    const arrivedMs = performance.now();
    this.#waitingBytes += bytes.length;
    this.#enqueue(() => this.#hearMessage(bytes, arrivedMs));
    return this.secondsOf(this.#waitingBytes);
  }

  /** Carries something out when all audio that came before is heard, and before any that comes after. */
  inTurn(task: (stream: DetectorStream) => Promise<void> | void): void {
    if (!this.#closed) this.#enqueue(async () => task(await this.#options.stream));
  }

  /** Ends a recording, in turn: hears what the resampler holds back and drops an unfinished sample. */
  flush(): void {
    if (this.#closed) return;
    this.#enqueue(() => {
      this.#decoder.reset();
      return this.#hear(this.#resampler.flush(), performance.now());
    });
  }

  /** Hears no more and lets go of its stream. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#options.stream.then((stream) => stream.dispose()).catch(() => undefined);
  }

  #enqueue(task: () => Promise<void>): void {
    this.#waiting.push(task);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next();
    } catch (error) {
      const first = !this.#closed;
      this.close();
      if (first) this.#options.onFault(error);
    } finally {
      this.#running = false;
    }
  }

  async #hearMessage(bytes: Uint8Array, arrivedMs: number): Promise<void> {
    const size = Math.max(1, Math.ceil(this.#bytesPerSecond * PIECE_SECONDS));
    for (let at = 0; at < bytes.length && !this.#closed; at += size) {
      const piece = bytes.subarray(at, at + size);
      const samples = this.#decoder.decode(piece);
      // Before the resampler, which would remember a sample that is not finite.
      checkSamples(samples, { name: "audio" });
      await this.#hear(this.#resampler.push(samples), arrivedMs);
      this.#waitingBytes = Math.max(0, this.#waitingBytes - piece.length);
      this.#options.onBacklog(this.secondsOf(this.#waitingBytes));
    }
  }

  async #hear(samples: Float32Array, arrivedMs: number): Promise<void> {
    const stream = await this.#options.stream;
    if (this.#closed || samples.length === 0) return;
    const steps = await stream.push(samples);
    if (!this.#closed && steps.length > 0)
      await this.#options.onSteps(steps, (performance.now() - arrivedMs) / 1000);
  }
}

/** Audio heard at one go: a step's worth and a little. */
const PIECE_SECONDS = 0.1;

/** Bytes in a second of audio. */
export const bytesPerSecondOf = ({ sampleRateHz, encoding, channels }: PcmFormat): number =>
  sampleRateHz * channels * BYTES[encoding];

const BYTES: Record<PcmEncoding, number> = { u8: 1, s16le: 2, s24le: 3, s32le: 4, f32le: 4 };
