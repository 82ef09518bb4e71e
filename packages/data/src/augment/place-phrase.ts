import type { Random } from "../random.ts";
import type { PhraseAudio } from "./phrase-audio.ts";

/** Where a phrase goes on a stretch of silence. Lengths in samples. */
export type Placement =
  /** As it is. */
  | { readonly kind: "whole" }
  /**
   * One window of an `embedding-sequence` model: the phrase ends `gapLength` (drawn; by default 0 to 3,200 samples, 200 ms)
   * before the window does. Of a phrase longer than the window the end is kept.
   */
  | {
      readonly kind: "window-end";
      readonly windowLength: number;
      readonly gapLength?: readonly [number, number];
    }
  /**
   * A stretch for many windows: `before` and `after` samples around the phrase, `before` longer by 0 to `jitter` (drawn),
   * so that windows on a fixed grid end at every place of the phrase.
   */
  | { readonly kind: "stretch"; readonly before: number; readonly after: number; readonly jitter?: number };

/** 200 ms at 16 kHz. */
const DEFAULT_GAP: readonly [number, number] = [0, 3200];

/** The clip on silence of the length the placement asks for; what of the clip lies outside is cut off. */
export function placePhrase(
  clip: PhraseAudio,
  { placement, random }: { placement: Placement; random: Random },
): PhraseAudio {
  const phraseLength = clip.phraseEnd - clip.phraseStart;
  if (placement.kind === "whole") return clip;
  if (placement.kind === "window-end") {
    const gap = random.integer(...(placement.gapLength ?? DEFAULT_GAP));
    const end = Math.max(0, placement.windowLength - gap);
    return putAt(clip, { length: placement.windowLength, phraseStart: end - phraseLength });
  }
  const phraseStart = placement.before + random.integer(0, placement.jitter ?? 0);
  return putAt(clip, { length: phraseStart + phraseLength + placement.after, phraseStart });
}

function putAt(
  clip: PhraseAudio,
  { length, phraseStart }: { length: number; phraseStart: number },
): PhraseAudio {
  const samples = new Float32Array(length);
  addAt(samples, { samples: clip.samples, at: phraseStart - clip.phraseStart });
  const phraseEnd = phraseStart + clip.phraseEnd - clip.phraseStart;
  return {
    samples,
    phraseStart: Math.max(0, phraseStart),
    phraseEnd: Math.max(0, Math.min(length, phraseEnd)),
  };
}

/** Adds samples into others from place `at` on, which may be negative; what lies outside is left out. */
export function addAt(
  target: Float32Array,
  { samples, at, gain = 1 }: { samples: Float32Array; at: number; gain?: number },
): void {
  const first = Math.max(0, -at);
  const last = Math.min(samples.length, target.length - at);
  for (let i = first; i < last; i++) target[at + i] = target[at + i]! + gain * samples[i]!;
}
