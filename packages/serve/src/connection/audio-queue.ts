import {
  checkSamples,
  PcmDecoder,
  type PcmEncoding,
  Resampler,
  SAMPLE_RATE_HZ,
} from "@callsign/audio/internal";
import type { DetectorStream, DetectorStep } from "@callsign/infer/internal";

/** PCM format of a client's audio. */
export interface PcmFormat {
  readonly encoding: PcmEncoding;
  readonly sampleRateHz: number;
  readonly channels: number;
}

export interface AudioQueueOptions {
  readonly format: PcmFormat;
  /** Destination stream; audio received before it opens is queued. */
  readonly stream: Promise<DetectorStream>;
  /** Receives completed steps and the time since their audio arrived. Processing continues when the returned promise resolves. */
  readonly onSteps: (steps: readonly DetectorStep[], latencySeconds: number) => Promise<void> | undefined;
  /** Receives the length of the queued audio, in seconds, after every block. */
  readonly onBacklog: (seconds: number) => void;
  /** Receives the first error, which closes the queue. */
  readonly onError: (error: unknown) => void;
}

/**
 * Queue of one client's audio: decodes, resamples and pushes it to the client's stream, in order. A long message is processed
 * in blocks, so that it does not delay other clients, and its detections are reported before its end.
 */
export class AudioQueue {
  readonly format: PcmFormat;
  readonly #options: AudioQueueOptions;
  readonly #decoder: PcmDecoder;
  readonly #resampler: Resampler;
  readonly #bytesPerSecond: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #waitingBytes = 0;
  #running = false;
  #closed = false;

  /** @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` */
  constructor(options: AudioQueueOptions) {
    const { encoding, sampleRateHz, channels } = options.format;
    this.format = options.format;
    this.#options = options;
    this.#decoder = new PcmDecoder({ encoding, channels });
    this.#resampler = new Resampler({ fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
    this.#bytesPerSecond = bytesPerSecondOf(options.format);
  }

  /** Length of `bytes` bytes of audio, in seconds. */
  secondsOf(bytes: number): number {
    return bytes / this.#bytesPerSecond;
  }

  /** Appends audio; `bytes` must not be modified afterwards. Returns the length of the queued audio, in seconds. */
  push(bytes: Uint8Array): number {
    if (this.#closed || bytes.length === 0) return this.secondsOf(this.#waitingBytes);
    const arrivedMs = performance.now();
    this.#waitingBytes += bytes.length;
    this.#enqueue(() => this.#processMessage(bytes, arrivedMs));
    return this.secondsOf(this.#waitingBytes);
  }

  /** Calls `task` between the audio before and after this call. */
  enqueue(task: (stream: DetectorStream) => Promise<void> | void): void {
    if (!this.#closed) this.#enqueue(async () => task(await this.#options.stream));
  }

  /** Ends a recording: flushes the resampler's tail into the stream and drops an incomplete sample. */
  flush(): void {
    if (this.#closed) return;
    this.#enqueue(() => {
      this.#decoder.reset();
      return this.#process(this.#resampler.flush(), performance.now());
    });
  }

  /** Drops the queued audio and disposes of the stream. */
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
      if (first) this.#options.onError(error);
    } finally {
      this.#running = false;
    }
  }

  async #processMessage(bytes: Uint8Array, arrivedMs: number): Promise<void> {
    const size = Math.max(1, Math.ceil(this.#bytesPerSecond * BLOCK_SECONDS));
    for (let at = 0; at < bytes.length && !this.#closed; at += size) {
      const block = bytes.subarray(at, at + size);
      const samples = this.#decoder.decode(block);
      // Before the resampler, whose state a sample that is not finite would corrupt.
      checkSamples(samples, { name: "audio" });
      await this.#process(this.#resampler.push(samples), arrivedMs);
      this.#waitingBytes = Math.max(0, this.#waitingBytes - block.length);
      this.#options.onBacklog(this.secondsOf(this.#waitingBytes));
    }
  }

  async #process(samples: Float32Array, arrivedMs: number): Promise<void> {
    const stream = await this.#options.stream;
    if (this.#closed || samples.length === 0) return;
    const steps = await stream.push(samples);
    if (!this.#closed && steps.length > 0)
      await this.#options.onSteps(steps, (performance.now() - arrivedMs) / 1000);
  }
}

/** Audio per block, slightly more than a step. */
const BLOCK_SECONDS = 0.1;

/** Bytes per second of audio. */
export const bytesPerSecondOf = ({ sampleRateHz, encoding, channels }: PcmFormat): number =>
  sampleRateHz * channels * BYTES[encoding];

const BYTES: Record<PcmEncoding, number> = { u8: 1, s16le: 2, s24le: 3, s32le: 4, f32le: 4 };
