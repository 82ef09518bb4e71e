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

// From a chunk to a detection, in order:
//   1. detector/detector-stream.ts        checks and copies the chunk, keeps its audio, passes it to each feature track
//   2. detector/feature-track.ts          cuts it into hops; the level gate may skip a hop
//   3. features/embedding-sequence.ts     features of the hop (or features/sliding-audio.ts, by the card's windowing)
//   4. frontend/streaming/stream-runner.ts  one run of log-mel and embedding, batched with other streams
//   5. model/classifier.ts                scores of the features
//   6. detector/decision.ts               detections from the scores: threshold, patience, refractory period

/**
 * Audio stream through some models of a `Detector`; created by `Detector.open`. Steps are returned in time order and do not
 * depend on how the audio is divided into chunks. Overlapping calls run one after another.
 */
export class DetectorStream {
  /** Cards of the stream's models, with the thresholds of the stream. */
  readonly cards: readonly ModelCard[];
  readonly #tracks: readonly FeatureTrack[];
  readonly #history: AudioHistory | undefined;
  /** Lifetime of the detector's sessions. */
  readonly #sessions: Lifetime;
  /** Samples received since the start. */
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
   * Processes a chunk of 16 kHz mono audio (int16, or float32 in -1..1), which is copied, and returns the steps that it completes, of all models. A chunk
   * with a sample that is not finite or far beyond full scale is rejected as a whole. If a step fails, the rest of the chunk
   * is still processed, so that later timestamps stay right, and then the first error is thrown.
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
   * Audio of the stream from `fromMs` to `toMs`, such as a second before a detection to half a second after it; ends with
   * the audio received so far. Requires `audioSeconds` in `Detector.open`.
   * @throws CallsignError `INVALID_ARGUMENT` if the stream keeps no audio, or not from that far back
   */
  audio({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Audio {
    if (this.#history === undefined)
      throw new CallsignError(
        "INVALID_ARGUMENT",
        "audio: this stream keeps no audio; open it with audioSeconds",
      );
    const samples = this.#history.read({
      from: (fromMs * SAMPLE_RATE_HZ) / 1000,
      to: (toMs * SAMPLE_RATE_HZ) / 1000,
    });
    return { samples: fromMagnitudes(samples), sampleRateHz: SAMPLE_RATE_HZ };
  }

  /** Restarts the stream at time zero with `samples` as the audio before it. @throws CallsignError as `push` */
  async prime(samples: Pcm): Promise<void> {
    this.#refuseIfDisposed();
    const history = copyMagnitudes(samples, { name: "priming audio" });
    this.#accepted = 0;
    await this.#enqueue(async () => {
      this.#history?.reset();
      for (const track of this.#tracks) await track.prime(history);
    });
  }

  /** Restarts the stream at time zero, as if preceded by digital silence. */
  async reset(): Promise<void> {
    this.#refuseIfDisposed();
    this.#accepted = 0;
    await this.#enqueue(() => {
      for (const track of this.#tracks) track.reset();
      this.#history?.reset();
      return Promise.resolve();
    });
  }

  /** Waits for pending calls and rejects later ones. The sessions belong to the detector and stay open. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#queue;
  }

  async #process(samples: Float32Array): Promise<DetectorStep[]> {
    this.#history?.push(samples);
    const steps: DetectorStep[] = [];
    const errors: unknown[] = [];
    for (const track of this.#tracks) {
      const processed = await track.process(samples);
      steps.push(...processed.steps);
      errors.push(...processed.errors);
    }
    if (errors.length > 0) throw errors[0];
    return this.#tracks.length === 1 ? steps : steps.toSorted((a, b) => a.timestampMs - b.timestampMs);
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#sessions.track(this.#queue.then(task));
    // A failure is reported to its caller and does not stop the next task.
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #refuseIfDisposed(): void {
    if (this.#disposed) throw new CallsignError("DISPOSED", "this stream was disposed of; open another");
    if (this.#sessions.isDisposed)
      throw new CallsignError("DISPOSED", "the detector of this stream was disposed of; load it again");
  }
}
