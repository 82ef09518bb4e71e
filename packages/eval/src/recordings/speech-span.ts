import { rms } from "@callsign/data/internal";
import { SAMPLE_RATE_HZ } from "@callsign/audio/internal";

/** Where the speech of a recording lies, in samples, `end` excluded. */
export interface SpeechSpan {
  readonly start: number;
  readonly end: number;
  /** Level of the speech over the level of what surrounds it; undefined where hardly anything does. */
  readonly snrDb: number | undefined;
}

/**
 * The speech in a recording of one utterance, by its energy: of the stretches of frames near the loudest one, joined
 * over pauses of 300 ms, the one that holds most energy. Within 20 ms; a soft last consonant may be cut off.
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

/** Root mean square of every 20 ms. */
export function frameLevels(samples: Float32Array): Float64Array {
  const frames = Math.ceil(samples.length / FRAME_LENGTH);
  return Float64Array.from({ length: frames }, (_, i) =>
    rms(samples.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH)),
  );
}

/** Level of the quietest tenth of the frames. */
export function quietLevel(levels: Float64Array): number {
  return levels.toSorted()[Math.floor(levels.length * QUIET_SHARE)] ?? 0;
}

const FRAME_LENGTH = SAMPLE_RATE_HZ / 50;
const QUIET_SHARE = 0.1;
const LONGEST_PAUSE = 15;

/** 25 dB below the loudest frame, raised to 6 dB above a noisy recording's quiet, never to less than 12 dB below the loudest. */
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

/** 100 ms of surroundings are the least to tell a level from. */
const LEAST_SURROUNDINGS = 5;

function snrOf(levels: Float64Array, stretch: Stretch): number | undefined {
  const around = levels.length - (stretch.to - stretch.from);
  if (around < LEAST_SURROUNDINGS) return undefined;
  const inside = energyOf(levels, stretch) / (stretch.to - stretch.from);
  const outside = (energyOf(levels, { from: 0, to: levels.length }) - energyOf(levels, stretch)) / around;
  return Math.min(MAX_SNR_DB, 10 * Math.log10(inside / Math.max(outside, Number.MIN_VALUE)));
}

/** Recordings gated to digital silence have no end of it. */
const MAX_SNR_DB = 90;
