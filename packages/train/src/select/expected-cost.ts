/** Scores of one label: windows with its phrase, and windows without. */
export interface LabelScores {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

export interface CostOptions {
  /** Cost of a phrase window below the threshold, relative to 1 for another window above it. */
  readonly missedCost: number;
  /** Share of the time a phrase is being said. */
  readonly phraseShare: number;
}

/** Mean cost per window of muting at a threshold. */
export interface CostPoint {
  readonly threshold: number;
  readonly cost: number;
  readonly missedShare: number;
  readonly needlessShare: number;
}

/** Threshold of least expected cost, halfway between the two scores it separates. */
export function leastCost({ positives, negatives }: LabelScores, options: CostOptions): CostPoint {
  const up = positives.toSorted();
  const down = negatives.toSorted();
  const candidates = up.filter((score, i) => i === 0 || score !== up[i - 1]);
  let best: CostPoint | undefined;
  let missed = 0;
  let quiet = 0;
  for (const score of candidates) {
    while (missed < up.length && up[missed]! < score) missed++;
    while (quiet < down.length && down[quiet]! < score) quiet++;
    const missedShare = missed / up.length;
    const needlessShare = 1 - quiet / down.length;
    const cost = costOf({ missedShare, needlessShare }, options);
    // Halfway to the next lower score.
    const below = quiet > 0 ? down[quiet - 1]! : 0;
    const threshold = (score + Math.max(below, missed > 0 ? up[missed - 1]! : 0)) / 2;
    if (best === undefined || cost < best.cost) best = { threshold, cost, missedShare, needlessShare };
  }
  return (
    best ?? {
      threshold: 1,
      cost: costOf({ missedShare: 1, needlessShare: 0 }, options),
      missedShare: 1,
      needlessShare: 0,
    }
  );
}

/** Expected cost of a given threshold. */
export function costAt(
  scores: LabelScores,
  { threshold, ...options }: CostOptions & { readonly threshold: number },
): CostPoint {
  const missedShare = scores.positives.filter((score) => score < threshold).length / scores.positives.length;
  const needlessShare =
    scores.negatives.filter((score) => score >= threshold).length / scores.negatives.length;
  return { threshold, cost: costOf({ missedShare, needlessShare }, options), missedShare, needlessShare };
}

const costOf = (
  { missedShare, needlessShare }: Pick<CostPoint, "missedShare" | "needlessShare">,
  { missedCost, phraseShare }: CostOptions,
): number => phraseShare * missedCost * missedShare + (1 - phraseShare) * needlessShare;
