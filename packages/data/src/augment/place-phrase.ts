import { CallsignError } from "@callsign/audio/internal";

import type { Random } from "../random.ts";
import type { PhraseAudio } from "./phrase-audio.ts";
import { addRoomTone, toneLevel } from "./room-tone.ts";

/** Position of a phrase in room tone. Lengths in samples. */
export type Placement =
  /** The unchanged clip. */
  | { readonly kind: "whole" }
  /**
   * One window of an `embedding-sequence` model: the phrase ends `gapLength` samples (drawn from the range) before the
   * window does.
   */
  | {
      readonly kind: "window-end";
      readonly windowLength: number;
      readonly gapLength: readonly [number, number];
    }
  /**
   * A stretch for many windows: `before` and `after` samples around the phrase. `before` grows by 0 to `jitter` samples
   * (drawn), so that windows on a fixed grid end anywhere in the phrase.
   */
  | { readonly kind: "stretch"; readonly before: number; readonly after: number; readonly jitter?: number };

/** Longest phrase that fits a placement at every gap, in samples. */
export const longestPhraseOf = (placement: Placement): number =>
  placement.kind === "window-end" ? placement.windowLength - placement.gapLength[1] : Infinity;

/**
 * Places a clip in room tone (`room-tone.ts`) according to the placement. Parts of the clip outside its phrase may be cut off, the
 * phrase never is.
 * @throws CallsignError INVALID_ARGUMENT for a phrase longer than `longestPhraseOf` the placement
 */
export function placePhrase(
  clip: PhraseAudio,
  { placement, random }: { placement: Placement; random: Random },
): PhraseAudio {
  const phraseLength = clip.phraseEnd - clip.phraseStart;
  if (placement.kind === "whole") return clip;
  if (phraseLength > longestPhraseOf(placement))
    throw new CallsignError(
      "INVALID_ARGUMENT",
      `placement: expected a phrase of at most ${longestPhraseOf(placement)} samples, got ${phraseLength}`,
    );
  if (placement.kind === "window-end") {
    const gap = random.integer(...placement.gapLength);
    const length = placement.windowLength;
    return putAt(clip, { length, phraseStart: length - gap - phraseLength, random });
  }
  const phraseStart = placement.before + random.integer(0, placement.jitter ?? 0);
  return putAt(clip, { length: phraseStart + phraseLength + placement.after, phraseStart, random });
}

function putAt(
  clip: PhraseAudio,
  { length, phraseStart, random }: { length: number; phraseStart: number; random: Random },
): PhraseAudio {
  const samples = new Float32Array(length);
  const at = phraseStart - clip.phraseStart;
  addAt(samples, { samples: clip.samples, at });
  const level = toneLevel(clip.samples);
  addRoomTone(samples.subarray(0, Math.max(0, at)), { level, random });
  addRoomTone(samples.subarray(Math.min(length, at + clip.samples.length)), { level, random });
  return { samples, phraseStart, phraseEnd: phraseStart + clip.phraseEnd - clip.phraseStart };
}

/** Adds samples to `target` from index `at` on, which may be negative. Samples that fall outside are dropped. */
export function addAt(
  target: Float32Array,
  { samples, at, gain = 1 }: { samples: Float32Array; at: number; gain?: number },
): void {
  const first = Math.max(0, -at);
  const last = Math.min(samples.length, target.length - at);
  for (let i = first; i < last; i++) target[at + i] = target[at + i]! + gain * samples[i]!;
}
