/**
 * Mono audio. `samples` are int16 magnitudes held in float32 (-32768..32767), the scale every model here was
 * trained on; unit-scale audio is off by a factor of 32768 and must be scaled before it enters.
 */
export interface Audio {
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
}

/** Full scale: a unit-scale sample times this is an int16 magnitude. */
export const INT16_SCALE = 32768;

/** A stretch of audio as a decoder yields it. */
export interface AudioBlock extends Audio {
  /** Samples that the file's header promises from here on, where it does; there may be fewer or more. */
  readonly expectedSamples?: number;
}
