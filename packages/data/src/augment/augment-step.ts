/** One augmentation of a clip with all values that were drawn; plain JSON. */
export interface AugmentStep {
  readonly step: string;
  readonly [parameter: string]: StepValue;
}

type StepValue = string | number | boolean | readonly StepValue[] | { readonly [key: string]: StepValue };

/** A recording with the name it is recorded under. */
export interface NamedSamples {
  readonly name: string;
  /** Int16 magnitudes, 16 kHz. */
  readonly samples: Float32Array;
  /** Text that is spoken, if it is known. */
  readonly text?: string;
}

/** Recordings that steps draw from; a step without recordings is skipped. */
export interface AugmentResources {
  readonly noises?: readonly NamedSamples[];
  /** Any scale; the largest value is the direct sound. */
  readonly impulseResponses?: readonly NamedSamples[];
  /** Speech to put before and after the phrase, preferably in the same voice. */
  readonly speech?: readonly NamedSamples[];
  /** Clips of talk, for babble and loudspeakers in the background. */
  readonly talkers?: readonly NamedSamples[];
  /** Whether texts spoken one after another say a phrase that none of them says alone (`createJoinTest`). */
  readonly makesPhrase?: (texts: readonly (string | undefined)[]) => boolean;
}
