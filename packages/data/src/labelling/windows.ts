import type { Random } from "../random.ts";
import { heardBy, type PhraseAudio } from "../augment/phrase-audio.ts";

/** A window of a stretch of audio and what of the phrase has been heard when it ends. */
export interface LabelledWindow {
  readonly start: number;
  /** One past the last sample. */
  readonly end: number;
  /** 0 (nothing yet) to 1 (the whole phrase, whether or not its beginning is still inside the window). */
  readonly heard: number;
  /** Samples from the end of the phrase to the end of the window; negative while it is being said. */
  readonly sincePhrase: number;
}

/** Every window of the grid a stream is read on: ends at `windowLength + k * hopLength`. */
export function windowsOnGrid(
  audio: PhraseAudio,
  { windowLength, hopLength }: { windowLength: number; hopLength: number },
): LabelledWindow[] {
  const count = Math.max(0, Math.floor((audio.samples.length - windowLength) / hopLength) + 1);
  return Array.from({ length: count }, (_, k) =>
    windowEndingAt(windowLength + k * hopLength, { audio, windowLength }),
  );
}

export interface DrawWindowsOptions {
  readonly windowLength: number;
  readonly count: number;
  /** Windows end when at least this share of the phrase has been heard; 0 is its first sample. */
  readonly fromHeard: number;
  /** And at most so many samples after the phrase. */
  readonly after: number;
  readonly random: Random;
}

/**
 * Windows that end anywhere from a share of the phrase on, drawn evenly, for models that are to lean early. Ends are
 * kept within the audio.
 */
export function drawWindows(audio: PhraseAudio, options: DrawWindowsOptions): LabelledWindow[] {
  const { windowLength, count, fromHeard, after, random } = options;
  const { phraseStart, phraseEnd, samples } = audio;
  const first = phraseStart + Math.ceil(Math.max(fromHeard * (phraseEnd - phraseStart), 1));
  const lowest = Math.min(Math.max(windowLength, first), samples.length);
  const highest = Math.max(lowest, Math.min(phraseEnd + after, samples.length));
  return Array.from({ length: samples.length < windowLength ? 0 : count }, () =>
    windowEndingAt(random.integer(lowest, highest), { audio, windowLength }),
  );
}

const windowEndingAt = (
  end: number,
  { audio, windowLength }: { audio: PhraseAudio; windowLength: number },
): LabelledWindow => ({
  start: end - windowLength,
  end,
  heard: heardBy(end, audio),
  sincePhrase: end - audio.phraseEnd,
});
