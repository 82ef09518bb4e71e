import { frameLevels, quietLevel } from "@callsign/data/internal";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";

/** Start and end (exclusive) of the speech in a recording, in samples. */
export interface SpeechSpan {
  readonly start: number;
  readonly end: number;
  /** Level of the speech above that of the audio around it, in dB; undefined if there is less than 100 ms around it. */
  readonly snrDb: number | undefined;
}

/**
 * Finds the speech in a recording of one utterance by energy: loud frames are joined over pauses of up to 300 ms, and
 * the run with the most energy is taken. Resolution 20 ms; a soft final consonant may be cut off.
 */
export function speechSpan(samples: Float32Array): SpeechSpan {
  const levels = frameLevels(samples);
  const stretches = joinedStretches(levels, speechFloor(levels));
  const best = stretches.toSorted((a, b) => energyOf(levels, b) - energyOf(levels, a))[0];
  if (best === undefined) return { start: 0, end: samples.length, snrDb: undefined };
  const start = best.from * FRAME_LENGTH;
  const end = Math.min(samples.length, best.to * FRAME_LENGTH);
  return { start, end, snrDb: snrOf(levels, best) };
}

/**
 * Finds all speech in a recording, from the first loud frame to the last, by the same rule. Its ratio to the audio
 * around it is not estimated, since pauses count as speech.
 */
export function talkSpan(samples: Float32Array): SpeechSpan {
  const levels = frameLevels(samples);
  const stretches = joinedStretches(levels, speechFloor(levels));
  const start = (stretches[0]?.from ?? 0) * FRAME_LENGTH;
  const end = Math.min(samples.length, (stretches.at(-1)?.to ?? levels.length) * FRAME_LENGTH);
  return { start, end, snrDb: undefined };
}

const FRAME_LENGTH = SAMPLE_RATE_HZ / 50;
const LONGEST_PAUSE = 15;

/** Level above which a frame is speech: 25 dB below the loudest frame, or 6 dB above the noise floor if that is higher, but at least 12 dB below the loudest. */
function speechFloor(levels: Float64Array): number {
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  return Math.max(loudest * 10 ** (-25 / 20), Math.min(2 * quietLevel(levels), loudest / 4));
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

function joinedStretches(levels: Float64Array, floor: number): Stretch[] {
  const stretches: { from: number; to: number }[] = [];
  for (const [i, level] of levels.entries()) {
    if (level === 0 || level < floor) continue;
    const last = stretches.at(-1);
    if (last !== undefined && i - last.to <= LONGEST_PAUSE) last.to = i + 1;
    else stretches.push({ from: i, to: i + 1 });
  }
  return stretches;
}

const energyOf = (levels: Float64Array, { from, to }: Stretch): number =>
  levels.subarray(from, to).reduce((sum, level) => sum + level * level, 0);

/** Shortest audio around the speech, 100 ms, from which a level is estimated. */
const LEAST_SURROUNDINGS = 5;

function snrOf(levels: Float64Array, stretch: Stretch): number | undefined {
  const around = levels.length - (stretch.to - stretch.from);
  if (around < LEAST_SURROUNDINGS) return undefined;
  const inside = energyOf(levels, stretch) / (stretch.to - stretch.from);
  const outside = (energyOf(levels, { from: 0, to: levels.length }) - energyOf(levels, stretch)) / around;
  return Math.min(MAX_SNR_DB, 10 * Math.log10(inside / Math.max(outside, Number.MIN_VALUE)));
}

/** Upper bound of the estimate: digital silence around the speech would give infinity. */
const MAX_SNR_DB = 90;
