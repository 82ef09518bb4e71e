import { type FeatureFile, type LabelPolicy, type ShardWindows } from "@callsign/data/internal";

import type { ShardTable } from "./shard-table.ts";
import { WindowTable } from "./window-table.ts";

/**
 * Tables of precomputed features, one for each block: people's speech without a phrase. A row of the file, or a whole block of
 * consecutive embeddings, is one clip.
 */
export function featureTables(
  { id, files, blocks, dtype, framesPerRow }: FeatureFile,
  { embeddings, policy }: { readonly embeddings: number; readonly policy: LabelPolicy },
): ShardTable[] {
  // All but the last block are of one size, and share their windows.
  const tables = new Map<number, WindowTable>();
  return blocks.map(({ split, file, byte, frames }) => {
    const windows =
      tables.get(frames) ??
      new WindowTable(windowsOf(frames, { clipLength: framesPerRow ?? frames, embeddings }), policy);
    tables.set(frames, windows);
    return {
      file: files[file]!,
      split,
      source: id,
      kind: "corpus",
      dtype,
      rows: frames,
      embeddingsByte: byte,
      windows,
    };
  });
}

function windowsOf(
  frames: number,
  { clipLength, embeddings }: { readonly clipLength: number; readonly embeddings: number },
): ShardWindows {
  const clips = Math.floor(frames / clipLength);
  return {
    clipWindows: new Int32Array(clips).fill(Math.max(0, clipLength - embeddings + 1)),
    clipRow: Int32Array.from({ length: clips }, (_, clip) => clip * clipLength + embeddings - 1),
    nearWindow: new Int32Array(),
    nearLabel: new Int32Array(),
    nearHeard: new Float32Array(),
    nearSinceEnd: new Int32Array(),
  };
}
