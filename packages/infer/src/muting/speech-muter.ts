import { copySamples, type Pcm, Resampler, CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector } from "../detector/detector.ts";
import { type MuteGate, muteGatesOf, type MuteGatePolicy } from "./mute-gate.ts";

export interface SpeechMuterOptions {
  /** Default each card's `gate`, or `DEFAULT_MUTE_GATE` if it has none. */
  readonly policy?: MuteGatePolicy;
  /** One per label, in the cards' order, one model's labels after another's. Default the cards' thresholds. */
  readonly thresholds?: readonly number[];
  /** Sample rate of the audio, which is resampled to 16 kHz for the detector. Default 16,000. */
  readonly sampleRateHz?: number;
  /** Delay of the output; muting starts this long before the step that triggers it. 0 to 10, default 0. */
  readonly lookAheadSeconds?: number;
}

/** Muted span, in milliseconds from the start of the audio. */
export interface MutedSpan {
  readonly startMs: number;
  readonly endMs: number;
  readonly label: string;
}

/** Output of a `SpeechMuter`. */
export interface MutedAudio {
  /** Input samples in -1..1, silent in muted spans. */
  readonly samples: Float32Array;
  /** Muted spans that end within `samples`. */
  readonly spans: readonly MutedSpan[];
}

/** Audio between two steps of the detector. */
interface Segment {
  readonly end: number;
  readonly label: string | undefined;
}

/** Fade at either side of a mute, which avoids clicks. */
const FADE_SECONDS = 0.005;

/**
 * Mutes the commands of one or several models in live audio. The output has as many samples as the input; a sample is released once the detector has
 * processed it and `lookAheadSeconds` more. The detector must be at the start of its stream, is used by this muter alone, and
 * is not disposed of here.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` (a rate)
 */
export class SpeechMuter {
  readonly #detector: Pick<Detector, "push" | "cards">;
  /** By model name. */
  readonly #gates: ReadonlyMap<string, MuteGate>;
  /** Command that each muting model is muting now, by model name. */
  readonly #muting = new Map<string, string>();
  readonly #resampler: Resampler;
  readonly #rate: number;
  readonly #lookAhead: number;
  readonly #fade: number;
  /** Samples not yet released. */
  #held = new Float32Array(0);
  /** Number of samples released. */
  #out = 0;
  /** Segments of the held samples, or the last segment. */
  #segments: Segment[] = [];
  #gain = 1;
  #muteStart: { readonly at: number; readonly label: string } | undefined;

  constructor(detector: Pick<Detector, "push" | "cards">, options: SpeechMuterOptions = {}) {
    const { sampleRateHz = SAMPLE_RATE_HZ, lookAheadSeconds = 0 } = options;
    if (!(lookAheadSeconds >= 0 && lookAheadSeconds <= 10))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `gate: lookAheadSeconds must be 0 to 10, got ${lookAheadSeconds}`,
      );
    this.#detector = detector;
    this.#gates = muteGatesOf(detector.cards, options);
    this.#resampler = new Resampler({ fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
    this.#rate = sampleRateHz;
    this.#lookAhead = Math.round(lookAheadSeconds * sampleRateHz);
    this.#fade = Math.max(1, Math.round(FADE_SECONDS * sampleRateHz));
  }

  /**
   * Processes mono audio (int16, or float32 in -1..1) and returns the audio that can be released. Calls must not overlap. A chunk with
   * a sample that is not finite or far beyond full scale is rejected as a whole.
   * @throws CallsignError `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`, `INVALID_ARGUMENT`, `DISPOSED`
   */
  async push(chunk: Pcm): Promise<MutedAudio> {
    const samples = copySamples(chunk, { name: "chunk" });
    this.#hold(samples);
    await this.#process(this.#resampler.push(samples));
    const processed = this.#segments.at(-1)?.end ?? 0;
    return this.#release(processed - this.#lookAhead);
  }

  /** Ends the audio and returns the rest; an unfinished step keeps the state of the one before. */
  async flush(): Promise<MutedAudio> {
    await this.#process(this.#resampler.flush());
    const end = this.#out + this.#held.length;
    const label = this.#segments.at(-1)?.label;
    this.#segments.push({ end, label });
    const { samples, spans } = this.#release(end);
    const last = this.#endMute(end);
    return { samples, spans: last ? [...spans, last] : spans };
  }

  async #process(samples: Float32Array): Promise<void> {
    const steps = await this.#detector.push(samples);
    for (const [i, { model, scores, timestampMs }] of steps.entries()) {
      const { label } = this.#gates.get(model)!.step(scores, timestampMs);
      if (label === undefined) this.#muting.delete(model);
      else this.#muting.set(model, label);
      // The steps of several models at one time are one segment.
      if (steps[i + 1]?.timestampMs === timestampMs) continue;
      const [first] = this.#muting.values();
      this.#segments.push({ end: Math.round((timestampMs * this.#rate) / 1000), label: first });
    }
  }

  #hold(chunk: Float32Array): void {
    const held = new Float32Array(this.#held.length + chunk.length);
    held.set(this.#held);
    held.set(chunk, this.#held.length);
    this.#held = held;
  }

  /** Releases the samples before `until`, silent where a mute starts within the look-ahead. */
  #release(until: number): MutedAudio {
    const count = Math.min(Math.max(0, until - this.#out), this.#held.length);
    const samples = this.#held.slice(0, count);
    const spans: MutedSpan[] = [];
    const labelAt = this.#labels();
    for (let at = this.#out; at < this.#out + count; at++) {
      const label = labelAt(at);
      if (label === undefined) {
        const span = this.#endMute(at);
        if (span) spans.push(span);
      } else this.#muteStart ??= { at, label };
      this.#gain = Math.min(1, Math.max(0, this.#gain + (label === undefined ? 1 : -1) / this.#fade));
      if (this.#gain === 1) continue;
      // A raised cosine over the fade.
      samples[at - this.#out]! *= (1 - Math.cos(Math.PI * this.#gain)) / 2;
    }
    this.#held = this.#held.slice(samples.length);
    this.#out += count;
    const first = this.#segments.findIndex(({ end }) => end > this.#out);
    this.#segments.splice(0, first < 0 ? this.#segments.length - 1 : first);
    return { samples, spans };
  }

  /**
   * Returns a function from a sample to the label that mutes it: that of its own segment, or of one that starts within the
   * look-ahead. Samples must be given in ascending order, which takes one pass over the segments.
   */
  #labels(): (at: number) => string | undefined {
    const segments = this.#segments;
    // The first muted segment that has not ended.
    let next = 0;
    return (at) => {
      while (next < segments.length && (segments[next]!.end <= at || segments[next]!.label === undefined))
        next++;
      const start = segments[next - 1]?.end ?? 0;
      return start <= at + this.#lookAhead ? segments[next]?.label : undefined;
    };
  }

  #endMute(at: number): MutedSpan | undefined {
    const start = this.#muteStart;
    this.#muteStart = undefined;
    if (start === undefined) return undefined;
    const toMs = (count: number): number => (count * 1000) / this.#rate;
    return { startMs: toMs(start.at), endMs: toMs(at), label: start.label };
  }
}
