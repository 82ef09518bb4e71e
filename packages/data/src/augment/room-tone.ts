import { createRandom, type Random } from "../random.ts";
import { colouredNoise } from "./dsp/coloured-noise.ts";
import { rms } from "./dsp/level.ts";

/** Samples of room tone to put around a recording. */
export interface RoomTonePadding {
  readonly before: number;
  readonly after: number;
  readonly random: Random;
}

/**
 * Pads a recording (int16 scale, 16 kHz) on both sides with pink noise at its own noise floor (`toneLevel`), so that it does
 * not begin abruptly. The input is not changed.
 */
export function padWithRoomTone(
  recording: Float32Array,
  { before, after, random }: RoomTonePadding,
): Float32Array {
  const level = toneLevel(recording);
  const padded = new Float32Array(before + recording.length + after);
  addRoomTone(padded.subarray(0, before), { level, random });
  padded.set(recording, before);
  addRoomTone(padded.subarray(before + recording.length), { level, random });
  return padded;
}

/**
 * RMS of the room tone for a recording: its noise floor, limited to -90 dBFS (a good microphone in a silent room) and -60
 * dBFS (for a recording without a quiet part).
 */
export const toneLevel = (recording: Float32Array): number =>
  Math.min(Math.max(quietLevel(frameLevels(recording)), MIN_LEVEL), MAX_LEVEL);

/** Adds pink noise with an RMS of `level` to samples, in place. */
export function addRoomTone(
  samples: Float32Array,
  { level, random }: { readonly level: number; readonly random: Random },
): void {
  roomTone ??= colouredNoise(TONE_LENGTH, { exponent: 1, random: createRandom("room tone") });
  let place = random.integer(0, TONE_LENGTH - 1);
  for (let i = 0; i < samples.length; i++) {
    samples[i]! += level * roomTone[place]!;
    place = place + 1 === TONE_LENGTH ? 0 : place + 1;
  }
}

/** Root mean square of each frame of 20 ms at 16 kHz. */
export function frameLevels(samples: Float32Array): Float64Array {
  const frames = Math.ceil(samples.length / FRAME_LENGTH);
  return Float64Array.from({ length: frames }, (_, i) =>
    rms(samples.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH)),
  );
}

/** Noise floor: 10th percentile of the frame levels. */
export function quietLevel(levels: Float64Array): number {
  return levels.toSorted()[Math.floor(levels.length * QUIET_SHARE)] ?? 0;
}

const FRAME_LENGTH = 320;
const QUIET_SHARE = 0.1;
/** -90 dBFS and -60 dBFS. */
const MIN_LEVEL = 1;
const MAX_LEVEL = 32;

/** Noise of RMS 1, computed on first use. */
let roomTone: Float32Array | undefined;
const TONE_LENGTH = 60 * 16_000;
