import { CallsignError } from "@callsign/audio/internal";

/** Audio (int16 scale, 16 kHz) with a phrase from `phraseStart` up to but not including `phraseEnd`. */
export interface PhraseAudio {
  readonly samples: Float32Array;
  readonly phraseStart: number;
  readonly phraseEnd: number;
}

/** A clip with a phrase; by default the phrase is the whole clip. */
export interface PhraseClip {
  readonly samples: Float32Array;
  readonly phraseStart?: number;
  readonly phraseEnd?: number;
  /** Text of the clip, if it is known. */
  readonly text?: string;
}

/** @throws CallsignError INVALID_ARGUMENT when the phrase does not lie inside the clip */
export function toPhraseAudio({
  samples,
  phraseStart = 0,
  phraseEnd = samples.length,
}: PhraseClip): PhraseAudio {
  const whole = Number.isInteger(phraseStart) && Number.isInteger(phraseEnd);
  if (!whole || phraseStart < 0 || phraseEnd < phraseStart || phraseEnd > samples.length) {
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `augmentation: expected a phrase inside a clip of ${samples.length} samples, got ${phraseStart} to ${phraseEnd}`,
    );
  }
  return { samples, phraseStart, phraseEnd };
}

/** The same phrase in audio stretched to `factor` times its length. */
export function stretched(
  { phraseStart, phraseEnd }: PhraseAudio,
  { samples, factor }: { samples: Float32Array; factor: number },
): PhraseAudio {
  const at = (place: number): number => Math.min(samples.length, Math.round(place * factor));
  return { samples, phraseStart: at(phraseStart), phraseEnd: at(phraseEnd) };
}
