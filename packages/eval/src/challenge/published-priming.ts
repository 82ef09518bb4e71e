/**
 * Priming recording with the rounding error of the published solution: samples read as v / 32768 and written as
 * int16(32767 v), truncated towards zero. Without it, the scores of the first frames, whose windows include the priming
 * audio, differ from the published ones by up to 1.8e-4.
 */
export const asPublishedPriming = (samples: Float32Array): Float32Array =>
  samples.map((sample) => Math.trunc(sample * 32_767) / 32_768);
