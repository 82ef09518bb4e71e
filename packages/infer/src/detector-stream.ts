import type { Audio } from "./audio/audio.ts";
import { AudioHistory } from "./audio/audio-history.ts";
import { checkFinite, fromInt16 } from "./audio/pcm.ts";
import type { Pcm } from "./detector.ts";
import { CallsignError } from "./errors.ts";
import type { FeatureTrack, ModelStep } from "./feature-track.ts";
import { SAMPLE_RATE_HZ } from "./model-card.ts";

export type { ModelDetection, ModelStep } from "./feature-track.ts";

/**
 * One stream of audio, heard by some models of a `DetectorSet`; made by its `open`. Steps come in the order of their
 * time, and do not depend on how the audio was cut. Calls may overlap: they are carried out one after another.
 */
export class DetectorStream {
  /** The models that listen. */
  readonly models: readonly string[];
  readonly #tracks: readonly FeatureTrack[];
  readonly #history: AudioHistory | undefined;
  #accepted = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(parts: {
    readonly models: readonly string[];
    readonly tracks: readonly FeatureTrack[];
    readonly audioSeconds: number;
  }) {
    this.models = parts.models;
    this.#tracks = parts.tracks;
    const kept = Math.round(parts.audioSeconds * SAMPLE_RATE_HZ);
    if (kept > 0) this.#history = new AudioHistory(kept);
  }

  /**
   * Hears a chunk (16 kHz mono, copied at once) and returns the steps it completes, of all models. A chunk with a sample
   * that is not a number is refused whole and leaves no trace.
   * @throws CallsignError `AUDIO_NOT_FINITE`, `DISPOSED`, `SESSION_FAILED`
   */
  async push(chunk: Pcm): Promise<ModelStep[]> {
    this.#refuseIfDisposed();
    const samples = chunk instanceof Int16Array ? fromInt16(chunk) : chunk.slice();
    checkFinite(samples, { name: `chunk at sample ${this.#accepted} of the stream` });
    this.#accepted += samples.length;
    return this.#enqueue(() => this.#hear(samples));
  }

  /**
   * The audio from `fromMs` to `toMs` of the stream, cut to what has been heard: around a detection, say, from a second
   * before its time to half a second after. Wants `audioSeconds` when the stream was opened.
   * @throws CallsignError `INVALID_ARGUMENT` where nothing is kept, or no longer that
   */
  audio({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Audio {
    if (this.#history === undefined)
      throw new CallsignError("INVALID_ARGUMENT", "audio: this stream keeps none; open it with audioSeconds");
    const samples = this.#history.read({
      from: (fromMs * SAMPLE_RATE_HZ) / 1000,
      to: (toMs * SAMPLE_RATE_HZ) / 1000,
    });
    return { samples, sampleRateHz: SAMPLE_RATE_HZ };
  }

  /** Starts again at time zero, as if digital silence had come before. */
  async reset(): Promise<void> {
    this.#refuseIfDisposed();
    this.#accepted = 0;
    await this.#enqueue(() => {
      for (const track of this.#tracks) track.reset();
      this.#history?.reset();
      return Promise.resolve();
    });
  }

  /** Waits for what was asked before and hears no more. Sessions are the set's and stay. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#queue;
  }

  async #hear(samples: Float32Array): Promise<ModelStep[]> {
    this.#history?.push(samples);
    const steps: ModelStep[] = [];
    for (const track of this.#tracks) steps.push(...(await track.hear(samples)));
    return this.#tracks.length === 1 ? steps : steps.toSorted((a, b) => a.timestampMs - b.timestampMs);
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(task);
    // What fails is told to its caller; the next in line is not held up by it.
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #refuseIfDisposed(): void {
    if (this.#disposed) throw new CallsignError("DISPOSED", "this stream was disposed of; open another");
  }
}
