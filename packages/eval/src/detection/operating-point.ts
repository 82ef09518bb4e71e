import { type Interval, poissonInterval, wilsonInterval } from "../statistics/confidence-interval.ts";
import type { DetCurve } from "./det-curve.ts";

/** The rates of false accepts per hour that reports speak of. */
export const OPERATING_RATES = [0.1, 0.5, 1, 2, 5] as const;

/** How good a model is at a threshold that a rate of false accepts allows. */
export interface OperatingPoint {
  /** The rate that was allowed. */
  readonly falseAcceptsPerHour: number;
  /** Null where no threshold keeps to the rate: the model would have to be switched off. */
  readonly threshold: number | null;
  readonly misses: number;
  readonly falseRejectRate: number;
  /** Wilson, 95 %, of the false-reject rate. */
  readonly interval: Interval;
  /** Counted at this threshold; their rate is at most the one allowed. */
  readonly falseAccepts: number;
  /** Garwood, 95 %, of the false accepts per hour. */
  readonly falseAcceptsInterval: Interval;
}

/**
 * The threshold with the fewest misses among those at which, and above which, false accepts keep to the rate; of
 * several such thresholds the highest. A rate below one per `negativeHours` allows none at all.
 */
export function operatingPoint(curve: DetCurve, falseAcceptsPerHour: number): OperatingPoint {
  let best = curve.points[0]!;
  for (const point of curve.points) {
    if (point.falseAcceptsPerHour > falseAcceptsPerHour) break;
    if (point.misses < best.misses) best = point;
  }
  const { threshold, misses, falseRejectRate, falseAccepts } = best;
  return {
    falseAcceptsPerHour,
    threshold: threshold === null ? null : shortestFloat32(threshold),
    misses,
    falseRejectRate,
    interval: wilsonInterval(misses, curve.positives),
    falseAccepts,
    falseAcceptsInterval: poissonInterval(falseAccepts, curve.negativeHours),
  };
}

/** The number of fewest digits that is still the same float32: 0.27 rather than 0.27000001072883606. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(9));
}
