import type { Random } from "../random.ts";
import type { PhraseAudio } from "./phrase-audio.ts";

/** Place of a phrase on a stretch of silence. Lengths in samples. */
export type Placement =
  /** The unchanged clip. */
  | { readonly kind: "whole" }
  /**
   * One window of an `embedding-sequence` model: the phrase ends `gapLength` samples (drawn from the range) before the
   * window does. If the phrase is longer than the window, its beginning is cut off.
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

/** Puts a clip on silence as the placement says. Parts of the clip that lie outside are cut off. */
export function placePhrase(
  clip: PhraseAudio,
  { placement, random }: { placement: Placement; random: Random },
): PhraseAudio {
  const phraseLength = clip.phraseEnd - clip.phraseStart;
  if (placement.kind === "whole") return clip;
  if (placement.kind === "window-end") {
    const gap = random.integer(...placement.gapLength);
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

/** Adds samples to `target` from index `at` on, which may be negative. Samples that fall outside are dropped. */
export function addAt(
  target: Float32Array,
  { samples, at, gain = 1 }: { samples: Float32Array; at: number; gain?: number },
): void {
  const first = Math.max(0, -at);
  const last = Math.min(samples.length, target.length - at);
  for (let i = first; i < last; i++) target[at + i] = target[at + i]! + gain * samples[i]!;
}
