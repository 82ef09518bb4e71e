import { activeLevel, decibelsToGain, levelDb, magnitudeAt, rms, withinInt16 } from "./level.ts";

/** Samples from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MixOptions {
  /** Ratio of the active level of the speech to the RMS of the noise, both over `span`, in dB. */
  readonly snrDb: number;
  /** Place of the phrase. Default: all samples. */
  readonly span?: Span | undefined;
}

/** Speech with noise. */
export interface Mixture {
  readonly samples: Float32Array;
  /** Ratio measured over the span, in dB. */
  readonly snrDb: number;
}

/**
 * Mixes speech with noise of the same length at a signal-to-noise ratio that holds over the span of the phrase. A mixture
 * beyond int16 is scaled down as a whole. The inputs are not changed.
 * @returns undefined if the noise is silent over the span (`noiseRatios`), since no gain gives that ratio
 */
export function mixAtSnr(
  speech: Float32Array,
  noise: Float32Array,
  { snrDb, span }: MixOptions,
): Mixture | undefined {
  const ratios = noiseRatios(speech, noise, span && [span]);
  if (ratios === undefined) return undefined;
  const gainDb = ratios[0]! - snrDb;
  return { samples: addScaled(speech, noise, gainDb), snrDb: ratios[0]! - gainDb };
}

/**
 * Ratio of the active level of the speech to the RMS of the noise over each span, in dB. Where the speech is all zero, its level is
 * taken as -26 dBFS, the usual level of ITU-T P.56.
 * @returns undefined if the noise is silent over one of them: more than half of its 20 ms frames are over 20 dB below the
 * active level of the whole noise, as often in ESC-10's events, which are padded with zeros to five seconds
 */
export function noiseRatios(
  speech: Float32Array,
  noise: Float32Array,
  spans: readonly Span[] = [{ start: 0, end: speech.length }],
): number[] | undefined {
  const wholeLevel = activeLevel(noise);
  const ratios: number[] = [];
  for (const { start, end } of spans) {
    const inSpan = noise.subarray(start, end);
    if (isSilent(inSpan, wholeLevel)) return undefined;
    const speechLevel = activeLevel(speech.subarray(start, end)) || magnitudeAt(NOMINAL_SPEECH_DBFS);
    ratios.push(levelDb(speechLevel) - levelDb(rms(inSpan)));
  }
  return ratios;
}

/** Speech with noise amplified by `gainDb`, scaled down if it exceeds int16. */
export function addScaled(speech: Float32Array, noise: Float32Array, gainDb: number): Float32Array {
  const gain = decibelsToGain(gainDb);
  const samples = new Float32Array(speech.length);
  for (let i = 0; i < samples.length; i++) samples[i] = speech[i]! + gain * (noise[i] ?? 0);
  return withinInt16(samples);
}

const NOMINAL_SPEECH_DBFS = -26;

/** RMS on the int16 scale below which noise counts as silent. */
const SILENT = 0.5;
/** -20 dB. */
const QUIET = 0.1;
/** 20 ms at 16 kHz. */
const FRAME = 320;

function isSilent(noise: Float32Array, wholeLevel: number): boolean {
  const floor = Math.max(SILENT, QUIET * wholeLevel);
  const frames = Math.ceil(noise.length / FRAME);
  let heard = 0;
  for (let frame = 0; frame < frames; frame++)
    if (rms(noise.subarray(frame * FRAME, (frame + 1) * FRAME)) >= floor) heard++;
  return 2 * heard < Math.max(frames, 1);
}

/**
 * `length` samples of a recording from `offset` on, repeated if it is too short; ends are crossfaded over
 * 10 ms to avoid clicks.
 */
export function loopNoise(
  recording: Float32Array,
  { offset, length }: { offset: number; length: number },
): Float32Array {
  const output = new Float32Array(length);
  if (recording.length === 0) return output;
  if (offset + length <= recording.length) {
    output.set(recording.subarray(offset, offset + length));
    return output;
  }
  // The recording's last stretch fades into its first, and the loop is shorter by it.
  const fade = Math.min(LOOP_FADE, Math.floor(recording.length / 2));
  const period = recording.length - fade;
  for (let i = 0, place = offset % period; i < length; i++) {
    const share = place < fade ? (place + 0.5) / fade : 1;
    output[i] = share * recording[place]! + (1 - share) * (recording[period + place] ?? 0);
    place = place + 1 === period ? 0 : place + 1;
  }
  return output;
}

const LOOP_FADE = 160;
