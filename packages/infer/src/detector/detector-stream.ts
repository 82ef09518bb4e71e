import {
  type Audio,
  AudioHistory,
  copyMagnitudes,
  fromMagnitudes,
  type Pcm,
  CallsignError,
  SAMPLE_RATE_HZ,
} from "@callsign/audio/internal";
import type { DetectorStep, FeatureTrack } from "./feature-track.ts";
import type { Lifetime } from "../runtime/lifetime.ts";
import type { ModelCard } from "../model/model-card.ts";

/**
 * One stream of audio through some models of a `Detector`; made by its `open`. Steps come in the order of their time and
 * do not depend on how the audio was cut into chunks. Calls may overlap: they are carried out one after another.
 */
export class DetectorStream {
  /** Cards of the models that listen, with the stream's thresholds. */
  readonly cards: readonly ModelCard[];
  readonly #tracks: readonly FeatureTrack[];
  readonly #history: AudioHistory | undefined;
  /** Of the detector's sessions. */
  readonly #sessions: Lifetime;
  #accepted = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(parts: {
    readonly cards: readonly ModelCard[];
    readonly tracks: readonly FeatureTrack[];
    readonly audioSeconds: number;
    readonly sessions: Lifetime;
  }) {
    this.cards = parts.cards;
    this.#sessions = parts.sessions;
    this.#tracks = parts.tracks;
    const kept = Math.round(parts.audioSeconds * SAMPLE_RATE_HZ);
    if (kept > 0) this.#history = new AudioHistory(kept);
  }

  /**
   * Processes a chunk (16 kHz mono, int16 or -1..1, copied at once) and returns the steps it completes, of all models. A chunk with a
   * sample that is not finite or far beyond full scale is refused whole and leaves no trace. Where a step fails, the rest
   * of the chunk is still processed, so that later timestamps stay right; then the first error is thrown.
   * @throws CallsignError `AUDIO_NOT_FINITE` or `AUDIO_OUT_OF_RANGE` naming the sample, `INVALID_ARGUMENT`, `DISPOSED`,
   * `SESSION_FAILED`, `MODEL_INVALID`
   */
  async push(chunk: Pcm): Promise<DetectorStep[]> {
    this.#refuseIfDisposed();
    const samples = copyMagnitudes(chunk, { name: `chunk at sample ${this.#accepted} of the stream` });
    this.#accepted += samples.length;
    return this.#enqueue(() => this.#process(samples));
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
    return { samples: fromMagnitudes(samples), sampleRateHz: SAMPLE_RATE_HZ };
  }

  /** Starts again at time zero, as if `samples` were the last audio before it. @throws CallsignError as `push` */
  async prime(samples: Pcm): Promise<void> {
    this.#refuseIfDisposed();
    const history = copyMagnitudes(samples, { name: "priming audio" });
    this.#accepted = 0;
    await this.#enqueue(async () => {
      this.#history?.reset();
      for (const track of this.#tracks) await track.prime(history);
    });
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

  /** Waits for every call made before and accepts no more. The sessions belong to the detector and stay. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#queue;
  }

  async #process(samples: Float32Array): Promise<DetectorStep[]> {
    this.#history?.push(samples);
    const steps: DetectorStep[] = [];
    const faults: unknown[] = [];
    for (const track of this.#tracks) {
      const heard = await track.process(samples);
      steps.push(...heard.steps);
      faults.push(...heard.faults);
    }
    if (faults.length > 0) throw faults[0];
    return this.#tracks.length === 1 ? steps : steps.toSorted((a, b) => a.timestampMs - b.timestampMs);
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#sessions.track(this.#queue.then(task));
    // A failure belongs to its caller and does not hold up the next task.
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #refuseIfDisposed(): void {
    if (this.#disposed) throw new CallsignError("DISPOSED", "this stream was disposed of; open another");
    if (this.#sessions.isDisposed)
      throw new CallsignError("DISPOSED", "the detector of this stream was disposed of; load it again");
  }
}
