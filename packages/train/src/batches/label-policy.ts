/** Which windows are positive, in samples. */
export interface LabelPolicy {
  /** Share of the phrase that must have been heard when the window ends, 0 to 1; 1 waits for the whole. */
  readonly heardFraction: number;
  /** A window is positive until so long after the phrase. */
  readonly afterLength: number;
  /** And then neither positive nor negative for so long. */
  readonly ignoreLength: number;
}

/** A window as its shard describes it. */
export interface WindowFacts {
  readonly label: number;
  readonly heard: number;
  readonly sinceEnd: number;
}

/** Outcome of a window that is no example of any label. */
export const NEGATIVE = -1;

/** Outcome of a window that is left out of training. */
export const IGNORED = -2;

/**
 * What a window teaches: the index of the label it is a positive of, `NEGATIVE` or `IGNORED`. A phrase not yet heard to
 * the required share is ignored: it is neither the phrase nor something else.
 */
export function outcomeOf({ label, heard, sinceEnd }: WindowFacts, policy: LabelPolicy): number {
  if (label < 0) return NEGATIVE;
  if (heard < policy.heardFraction) return IGNORED;
  if (sinceEnd <= policy.afterLength) return label;
  return sinceEnd <= policy.afterLength + policy.ignoreLength ? IGNORED : NEGATIVE;
}
