/** Shape of the speech embedding: 76 log-mel frames give 96 values, every 8 frames (80 ms). */
export const EMBEDDING = { windowFrames: 76, strideFrames: 8, dimension: 96 } as const;

/** Number of embeddings of `frames` log-mel frames; 0 if there are too few. */
export const embeddingCount = (frames: number): number =>
  Math.max(0, Math.floor((frames - EMBEDDING.windowFrames) / EMBEDDING.strideFrames) + 1);
