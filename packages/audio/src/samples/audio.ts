/** Mono audio. */
export interface Audio {
  /** In -1..1, as in Web Audio. */
  readonly samples: Float32Array;
  readonly sampleRateHz: number;
}

/** Full scale of int16: a sample in -1..1 times this is an int16 magnitude. */
export const INT16_SCALE = 32768;

/** A stretch of audio as a decoder yields it. */
export interface AudioBlock extends Audio {
  /** Samples that the file's header promises from here on, where it does; there may be fewer or more. */
  readonly expectedSamples?: number;
}

/** Sample rate of every model here, in hertz. */
export const SAMPLE_RATE_HZ = 16_000;
