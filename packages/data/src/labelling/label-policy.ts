/**
 * Times around a phrase, in seconds, that decide which windows are positive and how much audio is rendered for them.
 * `whole-phrase` and `early` are the policies of `train.labelling`.
 */
export const LABELLING_SECONDS = {
  /** Default of `data.afterSeconds`, by windowing: a window is positive until this long after the phrase. */
  positiveAfter: { "embedding-sequence": 0.2, "sliding-audio": 0.05 },
  /** Default of `train.labelling.ignoreSeconds`: then it is left out of training for this long. */
  ignoredAfter: { "whole-phrase": Infinity, early: 0.1 },
  /** Default of `data.slidingWindows.afterSeconds`: windows of early models are drawn until this long after a phrase. */
  drawnAfter: 0.3,
} as const;

/** Which windows are positive, in samples. */
export interface LabelPolicy {
  /** Share of the phrase that must have been heard when the window ends, 0 to 1; 1 waits for the whole. */
  readonly heardFraction: number;
  /** A window is positive if it ends at most this long after the phrase. */
  readonly afterLength: number;
  /** After that it is neither positive nor negative for this long. */
  readonly ignoreLength: number;
}

export interface LabelPolicyOptions {
  readonly policy: "whole-phrase" | "early";
  /** Only for `early`. */
  readonly heardFraction: number;
  readonly afterSeconds: number;
  /** Default by policy. */
  readonly ignoreSeconds?: number | undefined;
}

/** Policy of a config, with defaults filled in. */
export function createLabelPolicy(options: LabelPolicyOptions): LabelPolicy {
  const { policy, heardFraction } = options;
  return {
    heardFraction: policy === "early" ? heardFraction : 1,
    afterLength: toSamples(options.afterSeconds),
    ignoreLength: toSamples(options.ignoreSeconds ?? LABELLING_SECONDS.ignoredAfter[policy]),
  };
}

/** Facts about a window that do not depend on a policy; a shard stores them. */
export interface WindowFacts {
  /** Index of the label whose phrase is near; -1 if none is. */
  readonly label: number;
  /** Share of the phrase heard when the window ends, 0 to 1. */
  readonly heard: number;
  /** Samples from the end of the phrase to the end of the window, 0 before the phrase ends; -1 if no phrase is near. */
  readonly sinceEnd: number;
}

/** Outcome of a window that is no example of any label. */
export const NEGATIVE = -1;

/** Outcome of a window that is left out of training. */
export const IGNORED = -2;

/**
 * Outcome of a window: the index of the label it is a positive of, `NEGATIVE` or `IGNORED`. A window that has not heard
 * the required share of a phrase is ignored, since it is neither the phrase nor something else.
 */
export function outcomeOf({ label, heard, sinceEnd }: WindowFacts, policy: LabelPolicy): number {
  if (label < 0) return NEGATIVE;
  if (heard < policy.heardFraction) return IGNORED;
  if (sinceEnd <= policy.afterLength) return label;
  return sinceEnd <= policy.afterLength + policy.ignoreLength ? IGNORED : NEGATIVE;
}

const toSamples = (seconds: number): number => Math.round(seconds * 16_000);
