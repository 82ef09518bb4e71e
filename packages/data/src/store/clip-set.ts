import type { ManifestClip } from "./manifest.ts";
import type { NegativeKind } from "../text/negative-texts.ts";
import type { RejectionCounts } from "../voices/quality/quality-check.ts";
import type { LeftOut } from "./left-out.ts";

/** Use of the clips of a set. */
export type ClipKind = "positive" | NegativeKind | "corpus" | "recording" | "noise" | "impulse-response";

/** Clips of one set, and the number of rejected ones. */
export interface CollectedSet {
  /** Folder below `clips`, and name of its shards. */
  readonly id: string;
  readonly kind: ClipKind;
  readonly clips: readonly ManifestClip[];
  /** Also use clips unchanged, besides copies. */
  readonly clean: boolean;
  readonly copies: number;
  /** Draws made, of synthesized clips. */
  readonly attempts?: number;
  readonly rejected?: RejectionCounts;
  /** Recordings of a corpus, or parts of them, that are not used. */
  readonly leftOut?: readonly LeftOut[];
}

/** A name as part of a path: letters, digits and hyphens, not empty. */
export const slug = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "") || "unnamed";

/** Path of clip `index` of a set, relative to the build. */
export const clipPath = (set: string, index: number): string =>
  `clips/${set}/${String(index).padStart(6, "0")}.wav`;

/** Clip kinds built to resemble a phrase. Excluded from false accepts per hour, since they are far more frequent here than in speech. */
export const LIKE_A_PHRASE: ReadonlySet<string> = new Set<ClipKind>(["near-miss", "partial", "swapped"]);

/** Kinds of clips that are recordings of people. */
export const PEOPLE: ReadonlySet<ClipKind> = new Set(["corpus", "recording"]);

/** Total length of clips in seconds, rounded to 1 ms, since the last digits of a sum of floats depend on their order. */
export const secondsOf = (clips: readonly ManifestClip[]): number =>
  Math.round(clips.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) * 1000) / 1000;

/** Number of distinct speakers (synthetic voices, people, and recordings of unknown people), not counting noise and impulse responses. */
export const voicesOf = (clips: readonly ManifestClip[]): number =>
  new Set(clips.filter(isSpeech).map(({ speaker }) => speaker)).size;

/** Whether a clip is speech, by its set, since its label may be any word. */
export const isSpeech = ({ path }: ManifestClip): boolean =>
  !/^clips\/(?:noise|impulse-response)-/.test(path);

/** Whether a clip is a recording of a person, according to its set. */
export const isPerson = ({ path }: ManifestClip): boolean => /^clips\/(?:corpus|recording)-/.test(path);
