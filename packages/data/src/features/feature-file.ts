import { EMBEDDING } from "@callsign/infer/internal";

import type { Split } from "../split.ts";
import type { FrameRange, OpenedFeatures } from "../sources/features.ts";

/** Precomputed features that training reads where they lie, as index.json records them. */
export interface FeatureFile {
  readonly id: string;
  readonly source: string;
  readonly licence: string;
  readonly origin: FeatureOrigin;
  /** float16 or float32. */
  readonly dtype: "F16" | "F32";
  /** Consecutive embeddings in a row; undefined where those of a block all are. */
  readonly framesPerRow?: number;
  /** Hash of what was chosen from which file. */
  readonly sha256: string;
  /** Files with the features, on this machine. */
  readonly files: readonly string[];
  readonly blocks: readonly FeatureBlock[];
}

/** Where features come from: a file on this machine, or a file of a dataset at a commit. */
export type FeatureOrigin =
  | { readonly path: string }
  | { readonly repository: string; readonly revision: string; readonly file: string };

/** Consecutive rows of a file. */
export interface FeatureBlock {
  readonly split: Split;
  /** Index into the files. */
  readonly file: number;
  /** Byte at which the embeddings begin. */
  readonly byte: number;
  /** Number of embeddings. */
  readonly frames: number;
}

/** Embeddings in a block: ten minutes, the unit of random choice, of splits and of downloads (1.4 MB of float16). */
const BLOCK_FRAMES = 7500;

/** Blocks of a file, of whole rows; the last may be shorter. */
export function blocksOf({
  frames,
  framesPerRow = 1,
}: Pick<OpenedFeatures, "frames" | "framesPerRow">): FrameRange[] {
  const size = framesPerRow * Math.max(1, Math.floor(BLOCK_FRAMES / framesPerRow));
  return Array.from({ length: Math.ceil(frames / size) }, (_, i) => ({
    begin: i * size,
    frames: Math.min(size, frames - i * size),
  }));
}

/** Size of embeddings in a file. */
export const bytesOfFrames = (frames: number, dtype: FeatureFile["dtype"]): number =>
  frames * EMBEDDING.dimension * (dtype === "F16" ? 2 : 4);
