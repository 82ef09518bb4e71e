/** What was done to a clip, with every value that was drawn: plain JSON, in the order it was done. */
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
}

/** What the steps draw from; a step without anything to draw is left out. */
export interface AugmentResources {
  readonly noises?: readonly NamedSamples[];
  /** Any scale; the largest value is taken for the direct sound. */
  readonly impulseResponses?: readonly NamedSamples[];
  /** Speech for before and after the phrase; best in the phrase's own voice. */
  readonly speech?: readonly NamedSamples[];
}
