/** The speech embedding: 76 log-mel frames make 96 values, and it advances 8 frames (80 ms) at a time. */
export const EMBEDDING = { windowFrames: 76, strideFrames: 8, dimension: 96 } as const;

/** Number of embeddings of a clip of log-mel frames, 0 where there are too few. */
export const embeddingCount = (frames: number): number =>
  Math.max(0, Math.floor((frames - EMBEDDING.windowFrames) / EMBEDDING.strideFrames) + 1);
