/** Confusion matrix of a two-class decision, in samples. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** Confusion matrix with the other class as positive. */
export const swapClasses = (c: Confusion): Confusion => ({
  truePositives: c.trueNegatives,
  falsePositives: c.falseNegatives,
  falseNegatives: c.falsePositives,
  trueNegatives: c.truePositives,
});

/** Share of correct decisions; null without any. */
export const accuracyOf = (c: Confusion): number | null =>
  ratio(
    c.truePositives + c.trueNegatives,
    c.truePositives + c.falsePositives + c.falseNegatives + c.trueNegatives,
  );

/** Share of positive decisions that are correct; null without any. */
export const precisionOf = (c: Confusion): number | null =>
  ratio(c.truePositives, c.truePositives + c.falsePositives);

/** Share of positives found; null without any. */
export const recallOf = (c: Confusion): number | null =>
  ratio(c.truePositives, c.truePositives + c.falseNegatives);

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
