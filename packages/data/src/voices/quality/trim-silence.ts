/**
 * Start and end of speech, `[start, end)` in samples, with a margin of quiet on either side; undefined for silence. A 10 ms frame counts as speech when its RMS is above a threshold: 46 dB below the
 * loudest frame, or 6 dB above the clip's own noise floor where that is higher, yet never less than 40 dB below the
 * loudest. Measured on flite and espeak: final f and th lie 25 to 40 dB down, the breath between words 41 to 60.
 */
export function speechBounds(samples: Float32Array, options: TrimOptions): SpeechBounds | undefined {
  const { sampleRateHz, leadSeconds = 0.03, tailSeconds = 0.06 } = options;
  const frameLength = Math.max(1, Math.round(sampleRateHz * FRAME_SECONDS));
  const levels = frameLevels(samples, frameLength);
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  if (loudest < SILENCE_RMS) return undefined;
  const floor = quietestTwentieth(levels);
  const threshold = Math.min(Math.max(loudest * decibels(-46), floor * decibels(6)), loudest * decibels(-40));
  const runs = runsAbove(levels, threshold);
  const isSpeech = (run: Run): boolean =>
    run.end - run.start > BLIP_FRAMES || run.loudest > loudest * decibels(-36);
  const first = runs.find(isSpeech);
  const last = runs.findLast(isSpeech);
  if (first === undefined || last === undefined) return undefined;
  return {
    start: Math.max(0, first.start * frameLength - Math.round(leadSeconds * sampleRateHz)),
    end: Math.min(samples.length, last.end * frameLength + Math.round(tailSeconds * sampleRateHz)),
  };
}

/** Length of quiet to keep before and after. */
export interface TrimOptions {
  readonly sampleRateHz: number;
  readonly leadSeconds?: number;
  readonly tailSeconds?: number;
}

/** `[start, end)` in samples. */
export interface SpeechBounds {
  readonly start: number;
  readonly end: number;
}

const FRAME_SECONDS = 0.01;

/** RMS in int16 magnitudes; below it (-64 dBFS) no engine is speaking. */
const SILENCE_RMS = 20;

/** A faint run no longer than this, at either end, is the vocoder's; the release of a stop is louder. */
const BLIP_FRAMES = 3;

interface Run {
  readonly start: number;
  readonly end: number;
  readonly loudest: number;
}

/** Stretches of frames above the threshold, `[start, end)`. */
function runsAbove(levels: Float64Array, threshold: number): Run[] {
  const runs: Run[] = [];
  for (let start = 0; start < levels.length; start++) {
    if (levels[start]! <= threshold) continue;
    let end = start;
    let loudest = 0;
    for (; end < levels.length && levels[end]! > threshold; end++) loudest = Math.max(loudest, levels[end]!);
    runs.push({ start, end, loudest });
    start = end;
  }
  return runs;
}

const decibels = (level: number): number => 10 ** (level / 20);

/** RMS of each whole frame, and of what is left at the end. */
function frameLevels(samples: Float32Array, frameLength: number): Float64Array {
  const levels = new Float64Array(Math.ceil(samples.length / frameLength));
  for (let frame = 0; frame < levels.length; frame++) {
    const end = Math.min(samples.length, (frame + 1) * frameLength);
    let sum = 0;
    for (let i = frame * frameLength; i < end; i++) sum += samples[i]! * samples[i]!;
    levels[frame] = Math.sqrt(sum / (end - frame * frameLength));
  }
  return levels;
}

const quietestTwentieth = (levels: Float64Array): number =>
  levels.toSorted()[Math.floor(levels.length / 20)] ?? 0;
