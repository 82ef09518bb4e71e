import { copySamples, type Pcm, Resampler, CallsignError, SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector } from "../detector/detector.ts";
import { type MuteGate, muteGateOf, type MuteGatePolicy } from "./mute-gate.ts";

export interface SpeechMuterOptions {
  /** Default the card's own, else `DEFAULT_MUTE_GATE`. */
  readonly policy?: MuteGatePolicy;
  /** One a label, in the card's order; default the card's. */
  readonly thresholds?: readonly number[];
  /** Of the audio; the detector hears it at 16 kHz. Default 16,000. */
  readonly sampleRateHz?: number;
  /** The outgoing audio is delayed by this much, and muted from this much before the gate shuts. Default 0. */
  readonly lookAheadSeconds?: number;
}

/** A stretch that was muted, in milliseconds of the audio. */
export interface MutedSpan {
  readonly startMs: number;
  readonly endMs: number;
  readonly label: string;
}

/** Audio that leaves a gate. */
export interface MutedAudio {
  /** As it came in, in -1..1, silent where it was muted. */
  readonly samples: Float32Array;
  /** Mutes that ended in it. */
  readonly spans: readonly MutedSpan[];
}

/** A stretch of audio between two steps of the detector. */
interface Segment {
  readonly end: number;
  readonly label: string | undefined;
}

/** Length of the fade at either side of a mute: too short to hear a word in, long enough not to click. */
const FADE_SECONDS = 0.005;

/**
 * Live audio in, the same audio out with the commands muted: as many samples as went in, each as soon as the detector has
 * heard it (and `lookAheadSeconds` more). The detector stays the caller's, has heard nothing yet and hears nothing else
 * meanwhile.
 * @throws CallsignError `INVALID_ARGUMENT`, `AUDIO_UNSUPPORTED` (a rate)
 */
export class SpeechMuter {
  readonly #detector: Pick<Detector, "push" | "card">;
  readonly #gate: MuteGate;
  readonly #resampler: Resampler;
  readonly #rate: number;
  readonly #lookAhead: number;
  readonly #fade: number;
  /** Samples not yet let out, from the `#out`-th on. */
  #held = new Float32Array(0);
  #out = 0;
  /** From the one that holds the `#out`-th sample on, or the last. */
  #segments: Segment[] = [];
  #gain = 1;
  #muteStart: { readonly at: number; readonly label: string } | undefined;

  constructor(detector: Pick<Detector, "push" | "card">, options: SpeechMuterOptions = {}) {
    const { sampleRateHz = SAMPLE_RATE_HZ, lookAheadSeconds = 0 } = options;
    if (!(lookAheadSeconds >= 0 && lookAheadSeconds <= 10))
      throw new CallsignError(
        "INVALID_ARGUMENT",
        `gate: lookAheadSeconds must be 0 to 10, got ${lookAheadSeconds}`,
      );
    this.#detector = detector;
    this.#gate = muteGateOf(detector.card, options);
    this.#resampler = new Resampler({ fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
    this.#rate = sampleRateHz;
    this.#lookAhead = Math.round(lookAheadSeconds * sampleRateHz);
    this.#fade = Math.max(1, Math.round(FADE_SECONDS * sampleRateHz));
  }

  /**
   * Takes mono audio, int16 or -1..1; returns what can be let out. The next call must wait for this one. A chunk with
   * a sample that is not finite or far beyond full scale is refused whole.
   * @throws CallsignError `AUDIO_NOT_FINITE`, `AUDIO_OUT_OF_RANGE`, `INVALID_ARGUMENT`, `DISPOSED`
   */
  async push(chunk: Pcm): Promise<MutedAudio> {
    const samples = copySamples(chunk, { name: "chunk" });
    this.#hold(samples);
    await this.#process(this.#resampler.push(samples));
    const heard = this.#segments.at(-1)?.end ?? 0;
    return this.#release(heard - this.#lookAhead);
  }

  /** The rest: what the detector has not heard whole is let out as the gate stands. */
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
    for (const { scores, timestampMs } of await this.#detector.push(samples)) {
      const { label } = this.#gate.step(scores, timestampMs);
      this.#segments.push({ end: Math.round((timestampMs * this.#rate) / 1000), label });
    }
  }

  #hold(chunk: Float32Array): void {
    const held = new Float32Array(this.#held.length + chunk.length);
    held.set(this.#held);
    held.set(chunk, this.#held.length);
    this.#held = held;
  }

  /** Lets out what lies before `until`, silent where a mute is within the look-ahead. */
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
   * A function that gives the command muting a sample: heard in the sample's own segment, or in one that begins within
   * the look-ahead. It must be asked for samples in ascending order, and so takes one pass over the segments.
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
