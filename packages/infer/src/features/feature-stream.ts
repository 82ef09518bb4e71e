/**
 * How audio becomes what the classifier reads, one hop after another: the windowing of a model card with its memory
 * of the stream. Starts, and starts again after `reset`, as if digital silence had come before.
 */
export interface FeatureStream {
  /** Samples between two steps; exactly as many go into `step`. */
  readonly hopLength: number;
  /** Copies of the audio, each of which makes an example of its own (`testTimeAugmentation`). */
  readonly variants: number;
  /** Hears one hop and returns the features `[variants, embeddings * 96]`, valid until the next call. */
  step(hop: Float32Array): Promise<Float32Array>;
  /** Starts again as if `samples` were the last thing heard. */
  prime(samples: Float32Array): Promise<void>;
  reset(): void;
}
