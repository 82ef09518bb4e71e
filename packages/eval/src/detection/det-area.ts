/** Both error rates of a detector at one threshold, after the decision stage. */
export interface ErrorRates {
  /** Share of the phrases that were not detected (miss rate). */
  readonly falseRejectRate: number;
  /** Detections without a phrase, per hour of audio without one. */
  readonly falseAcceptsPerHour: number;
}

/**
 * The point with the lowest false reject rate among those with at most this many false accepts per hour; the first of
 * equal ones. Undefined where no point is within the rate.
 */
export function bestWithin<Point extends ErrorRates>(
  points: readonly Point[],
  falseAcceptsPerHour: number,
): Point | undefined {
  let best: Point | undefined;
  for (const point of points) {
    if (point.falseAcceptsPerHour > falseAcceptsPerHour) continue;
    if (best === undefined || point.falseRejectRate < best.falseRejectRate) best = point;
  }
  return best;
}

/** Ends of a range of false accepts per hour, both included. */
export interface FalseAcceptRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Area under a DET curve: mean of the lowest false reject rate over rates of false accepts per hour, ten a decade,
 * evenly spaced on a logarithmic scale (as the log-average miss rate of Dollár et al. 2012, but an arithmetic mean).
 * 0 is perfect, 1 detects nothing. Areas over different ranges do not compare.
 */
export function detArea(points: readonly ErrorRates[], { from, to }: FalseAcceptRange): number {
  const first = Math.log10(from);
  const steps = Math.round((Math.log10(to) - first) * RATES_PER_DECADE);
  const rates = Array.from({ length: steps + 1 }, (_, i) => 10 ** (first + i / RATES_PER_DECADE));
  return (
    rates.reduce((sum, rate) => sum + (bestWithin(points, rate)?.falseRejectRate ?? 1), 0) / rates.length
  );
}

const RATES_PER_DECADE = 10;
