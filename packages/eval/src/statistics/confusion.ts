/** Counts of a two-class decision, in samples. "Positive" is the class asked about. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

/** The same decision seen from the other class. */
export const swapClasses = (c: Confusion): Confusion => ({
  truePositives: c.trueNegatives,
  falsePositives: c.falseNegatives,
  falseNegatives: c.falsePositives,
  trueNegatives: c.truePositives,
});

/** Share of decisions that were right; null where there were none. */
export const accuracyOf = (c: Confusion): number | null =>
  ratio(
    c.truePositives + c.trueNegatives,
    c.truePositives + c.falsePositives + c.falseNegatives + c.trueNegatives,
  );

/** Share of what was called positive that is; null where nothing was called so. */
export const precisionOf = (c: Confusion): number | null =>
  ratio(c.truePositives, c.truePositives + c.falsePositives);

/** Share of the positives that were found; null where there are none. */
export const recallOf = (c: Confusion): number | null =>
  ratio(c.truePositives, c.truePositives + c.falseNegatives);

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
