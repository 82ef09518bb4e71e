import { activeLevel, decibelsToGain, magnitudeAt, rms } from "./level.ts";

export interface MixOptions {
  /** Speech-active level over the noise's RMS. */
  readonly snrDb: number;
  /** Level of the speech. Default `activeLevel(speech)`. */
  readonly speechLevel?: number;
}

/**
 * Mixes speech with noise of the same length, scaled to a signal-to-noise ratio. Returns a new array. If the speech is all
 * zero, its level is taken as -26 dBFS, the usual level of ITU-T P.56. Silent noise adds nothing.
 */
export function mixAtSnr(speech: Float32Array, noise: Float32Array, options: MixOptions): Float32Array {
  const noiseLevel = rms(noise);
  const speechLevel = (options.speechLevel ?? activeLevel(speech)) || magnitudeAt(NOMINAL_SPEECH_DBFS);
  const gain = noiseLevel === 0 ? 0 : (speechLevel / noiseLevel) * decibelsToGain(-options.snrDb);
  const output = new Float32Array(speech.length);
  for (let i = 0; i < output.length; i++) output[i] = speech[i]! + gain * (noise[i] ?? 0);
  return output;
}

const NOMINAL_SPEECH_DBFS = -26;

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
