import type { ManifestClip } from "../../store/manifest.ts";

/** Length of clips together, in seconds to a thousandth: sums of many floats depend on their order in the last digits. */
export const secondsOf = (clips: readonly ManifestClip[]): number =>
  Math.round(clips.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) * 1000) / 1000;

/** How many voices and people are heard in clips. A noise or a room is nobody. */
export const voicesOf = (clips: readonly ManifestClip[]): number =>
  new Set(clips.filter(isSomebody).map(({ speaker }) => speaker)).size;

/** Whether a clip is of somebody, by its set: its label may be any word. */
export const isSomebody = ({ path }: ManifestClip): boolean =>
  !/^clips\/(?:noise|impulse-response)-/.test(path);
