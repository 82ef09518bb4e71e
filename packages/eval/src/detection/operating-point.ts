import { type Interval, poissonInterval, wilsonInterval } from "../statistics/confidence-interval.ts";
import { bestWithin } from "./det-area.ts";
import type { DetCurve } from "./det-curve.ts";

/** False accepts per hour at which reports state operating points. */
export const OPERATING_RATES = [0.1, 0.5, 1, 2, 5] as const;

/** Errors of a model at the best threshold within an allowed rate of false accepts. */
export interface OperatingPoint {
  /** The rate allowed, not the one counted. */
  readonly falseAcceptsPerHour: number;
  /** Null where every threshold has more false accepts than allowed. */
  readonly threshold: number | null;
  readonly misses: number;
  readonly falseRejectRate: number;
  /** 95 % interval of the false reject rate (Wilson). */
  readonly interval: Interval;
  /** False accepts counted at this threshold. */
  readonly falseAccepts: number;
  /** False accepts in recordings of the word: all detections there except the first one of the word. */
  readonly extraDetections: number;
  /** 95 % interval of the false accepts per hour (Garwood); its upper bound is above 0 even where none was counted. */
  readonly falseAcceptsInterval: Interval;
  /** Whether the negative audio is long enough for this rate, which must allow at least one false accept in it. */
  readonly isMeasurable: boolean;
}

/**
 * The threshold with the fewest misses among those at and above which false accepts stay within the rate; the highest
 * of equal ones. A rate below one per `negativeHours` allows no false accept.
 */
export function operatingPoint(curve: DetCurve, falseAcceptsPerHour: number): OperatingPoint {
  const end = curve.points.findIndex((point) => point.falseAcceptsPerHour > falseAcceptsPerHour);
  const within = end < 0 ? curve.points : curve.points.slice(0, end);
  const { threshold, misses, falseRejectRate, falseAccepts, extraDetections } =
    bestWithin(within, falseAcceptsPerHour) ?? curve.points[0]!;
  return {
    falseAcceptsPerHour,
    threshold: threshold === null ? null : shortestFloat32(threshold),
    misses,
    falseRejectRate,
    interval: wilsonInterval(misses, curve.positives),
    falseAccepts,
    extraDetections,
    falseAcceptsInterval: poissonInterval(falseAccepts, curve.negativeHours),
    isMeasurable: falseAcceptsPerHour * curve.negativeHours >= 1,
  };
}

/** The shortest decimal with the same float32 value: 0.27 rather than 0.27000001072883606. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(9));
}
