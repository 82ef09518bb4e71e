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
import { drawSounds, respellWords, type SaidSounds, withoutListed } from "./draw-sounds.ts";
import { drawUtterance, engineOf, type UtteranceDraw } from "./draw-utterance.ts";
import { clippedShare, measureSpeech, type SpeechMeasures } from "./quality/measure-speech.ts";
import { type QualityLimits, type Rejection, rejectionOf } from "./quality/quality-check.ts";
import type { WordSounds } from "../text/word-sounds.ts";
import type { VoiceParameters } from "./speech-engine.ts";
import { speechBounds } from "./quality/trim-silence.ts";

/** One attempt at a clip, accepted or rejected by the quality check. */
export interface Attempt {
  readonly voice: VoiceParameters;
  /** Licence of the engine. */
  readonly licence: string;
  /** Pronunciations used for the words that have several, if the engine takes them. */
  readonly sounds: SaidSounds;
  readonly result: MadeClip | RejectedClip;
}

export interface MadeClip {
  /** 16 kHz, silence trimmed, rounded to int16. */
  readonly audio: Audio;
  /** SHA-256 of the samples as little-endian int16; equal for identical clips. */
  readonly contentHash: string;
  readonly measures: SpeechMeasures;
}

/** A rejected attempt and its reason. */
export interface RejectedClip {
  readonly rejection: Exclude<Rejection, "duplicate">;
  readonly detail: string;
}

/** One clip of a stage; its index determines every random draw. */
export interface ClipRequest extends Omit<UtteranceDraw, "random"> {
  readonly seed: string | number;
  readonly index: number;
  readonly text: string;
  /** Pronunciations of some of the text's words; each clip uses one per word. */
  readonly sounds?: WordSounds | undefined;
  /** Voice of the first attempt; later attempts draw one. */
  readonly voiceInTurn?: VoiceParameters | undefined;
  readonly limits?: QualityLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes attempt number `attempt` of a clip. The result depends only on the request, not on other clips, earlier attempts
 * or the process.
 * @throws CallsignError for errors that another draw would repeat: a bad text, a missing engine, an abort
 */
export async function makeAttempt(request: ClipRequest, attempt: number): Promise<Attempt> {
  const random = createRandom(request.seed).fork("clip").fork(request.index).fork(attempt);
  const voice =
    (attempt === 0 && request.voiceInTurn) || drawUtterance(request.text, { ...request, random }).voice;
  const engine = engineOf(voice, request.engines);
  const { licence } = engine;
  const { text, sounds: choices = {} } = request;
  // The same in every attempt, so that rejections do not change their shares.
  const drawn = drawSounds(text, {
    sounds: choices,
    random: createRandom(request.seed).fork("sounds").fork(request.index),
  });
  const sounds = engine.takesSounds ? drawn : withoutListed(drawn, choices);
  try {
    const spoken = await engine.synthesize(engine.takesSounds ? text : respellWords(text, sounds), voice, {
      ...(engine.takesSounds && { sounds }),
      ...(request.signal && { signal: request.signal }),
    });
    return { voice, licence, sounds, result: judge(spoken, request) };
  } catch (error) {
    if (!(error instanceof CallsignError && error.code === "SYNTHESIS_FAILED")) throw error;
    return { voice, licence, sounds, result: { rejection: "engine-failed", detail: error.message } };
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
  // Resampling smooths clipped samples, so clipping is measured before it, too.
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
