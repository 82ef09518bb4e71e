import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";
import type { Detector, Progress } from "@callsign/infer/internal";
import { scoreStream } from "./score-stream.ts";

import { throwIfAborted } from "../abort.ts";
import type { ScoreTrack } from "../detection/score-track.ts";
import { GRACE_MS, type WordSpan } from "./picovoice-figures.ts";
import { mixPicovoice, type PicovoiceMixParts } from "./picovoice-mix.ts";

/** Scores of a detector on a mix, and the positions of the words. */
export interface ScoredMix {
  readonly track: ScoreTrack;
  readonly words: readonly WordSpan[];
}

export interface ScorePicovoiceOptions {
  readonly label: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Scores a mix by a detector, as a stream. The mix is generated twice: first to find its peak, which becomes full scale as in
 * the benchmark, then to score it. @throws CallsignError `ABORTED`, `CORPUS_EMPTY`
 */
export async function scorePicovoice(
  detector: Detector,
  mix: PicovoiceMixParts,
  options: ScorePicovoiceOptions,
): Promise<ScoredMix> {
  let peak = 0;
  for await (const samples of watched(mix, { ...options, stage: "mix" }))
    peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), peak);
  const words: WordSpan[] = [];
  const stream = atFullScale(watched(mix, { ...options, stage: "stream", words }), peak);
  const scores = await scoreStream(detector, stream, options.label);
  const hopMs = (detector.card.windowing.hopLength * 1000) / SAMPLE_RATE_HZ;
  return { track: { name: "mix", scores, hopMs }, words };
}

async function* watched(
  mix: PicovoiceMixParts,
  {
    stage,
    words,
    signal,
    onProgress,
  }: Omit<ScorePicovoiceOptions, "label"> & { readonly stage: string; readonly words?: WordSpan[] },
): AsyncGenerator<Float32Array> {
  let at = 0;
  const total = Math.round(mix.hours * 60);
  for await (const { samples, isKeyword } of mixPicovoice(mix)) {
    throwIfAborted(signal, "eval picovoice");
    yield samples;
    const fromMs = (at * 1000) / SAMPLE_RATE_HZ;
    at += samples.length;
    if (isKeyword) words?.push({ fromMs, toMs: (at * 1000) / SAMPLE_RATE_HZ + GRACE_MS });
    const done = Math.min(total, Math.round(at / SAMPLE_RATE_HZ / 60));
    onProgress?.({ stage, done, total, unit: "minutes of audio" });
  }
}

/** Scales a mix to int16 with its peak at 32,767. */
async function* atFullScale(parts: AsyncIterable<Float32Array>, peak: number): AsyncGenerator<Int16Array> {
  const scale = peak === 0 ? 0 : 32_767 / peak;
  for await (const samples of parts) yield Int16Array.from(samples, (value) => Math.round(value * scale));
}
