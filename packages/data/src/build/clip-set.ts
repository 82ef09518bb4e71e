import type { ManifestClip } from "../manifest.ts";
import type { NegativeKind } from "../negatives/negative-texts.ts";
import type { RejectionCounts } from "../synthesis/quality-gate.ts";
import type { LeftOut } from "./left-out.ts";

/** What the clips of a set are for. */
export type ClipKind = "positive" | NegativeKind | "corpus" | "recording" | "noise" | "impulse-response";

/** The clips of one set, and what was turned down on the way. */
export interface CollectedSet {
  /** Folder below `clips`, and name of its shards. */
  readonly id: string;
  readonly kind: ClipKind;
  readonly clips: readonly ManifestClip[];
  /** Also use clips as they are, besides copies. */
  readonly clean: boolean;
  readonly copies: number;
  /** Of synthesized clips: draws made, and draws turned down. */
  readonly attempts?: number;
  readonly rejected?: RejectionCounts;
  /** Of corpora: recordings, or parts of them, that are not used. */
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

/** Clips whose text was made to sound like a phrase: how often they set a detector off says nothing of an hour of talk. */
export const LIKE_A_PHRASE: ReadonlySet<string> = new Set<ClipKind>(["near-miss", "partial", "swapped"]);
