import { createHash } from "node:crypto";
import {
  type Audio,
  CallsignError,
  fromInt16,
  resample,
  roundMagnitudes,
  toMagnitudes,
} from "@callsign/audio/internal";
import { createRandom } from "../random.ts";
import { drawUtterance, engineOf, type UtteranceDraw } from "./draw-utterance.ts";
import { clippedShare, measureSpeech, type SpeechMeasures } from "./quality/measure-speech.ts";
import { type QualityLimits, type Rejection, rejectionOf } from "./quality/quality-check.ts";
import type { VoiceParameters } from "./speech-engine.ts";
import { speechBounds } from "./quality/trim-silence.ts";

/** One draw of one clip, and what the gate made of it. */
export interface Attempt {
  readonly voice: VoiceParameters;
  /** Of the engine that spoke. */
  readonly licence: string;
  readonly result: MadeClip | RejectedClip;
}

export interface MadeClip {
  /** 16 kHz, silence trimmed, rounded to int16. */
  readonly audio: Audio;
  /** SHA-256 of the samples as int16, little-endian: alike clips have it alike. */
  readonly contentHash: string;
  readonly measures: SpeechMeasures;
}

/** An attempt that came to nothing, and a word on why. */
export interface RejectedClip {
  readonly rejection: Exclude<Rejection, "duplicate">;
  readonly detail: string;
}

/** One clip of a stage: its place decides every draw. */
export interface ClipRequest extends Omit<UtteranceDraw, "random"> {
  readonly seed: string | number;
  readonly index: number;
  readonly text: string;
  /** Who speaks the first attempt; later ones are drawn. */
  readonly voiceInTurn?: VoiceParameters | undefined;
  readonly limits?: QualityLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes attempt number `attempt` of a clip. It depends on the request alone: not on other clips, on earlier attempts,
 * or on the process it runs in.
 * @throws CallsignError for what another draw cannot mend: a bad text, a missing engine, a stop
 */
export async function makeAttempt(request: ClipRequest, attempt: number): Promise<Attempt> {
  const random = createRandom(request.seed).fork("clip").fork(request.index).fork(attempt);
  const voice =
    (attempt === 0 && request.voiceInTurn) || drawUtterance(request.text, { ...request, random }).voice;
  const engine = engineOf(voice, request.engines);
  const { licence } = engine;
  try {
    const spoken = await engine.synthesize(
      request.text,
      voice,
      request.signal ? { signal: request.signal } : {},
    );
    return { voice, licence, result: judge(spoken, request) };
  } catch (error) {
    if (!(error instanceof CallsignError && error.code === "SYNTHESIS_FAILED")) throw error;
    return { voice, licence, result: { rejection: "engine-failed", detail: error.message } };
  }
}

const SAMPLE_RATE_HZ = 16_000;

function judge(spoken: Audio, { text, limits }: ClipRequest): MadeClip | RejectedClip {
  const original = toMagnitudes(spoken.samples);
  const samples = resample(original, { fromHz: spoken.sampleRateHz, toHz: SAMPLE_RATE_HZ });
  const bounds = speechBounds(samples, { sampleRateHz: SAMPLE_RATE_HZ });
  if (bounds === undefined)
    return { rejection: "silent", detail: `${samples.length} samples without speech` };
  const pcm = roundMagnitudes(samples.subarray(bounds.start, bounds.end));
  const magnitudes = Float32Array.from(pcm);
  // A change of sample rate rounds off what was cut off before it.
  const clipped = Math.max(clippedShare(original), clippedShare(magnitudes));
  const measures = { ...measureSpeech(magnitudes), clippedShare: clipped };
  const rejection = rejectionOf(measures, { text, ...(limits && { limits }) });
  if (rejection !== undefined) return { rejection, detail: JSON.stringify(measures) };
  return {
    audio: { samples: fromInt16(pcm), sampleRateHz: SAMPLE_RATE_HZ },
    contentHash: createHash("sha256").update(new Uint8Array(pcm.buffer)).digest("hex"),
    measures,
  };
}
