import { resampledInterval } from "../detection/resample-curve.ts";
import { type Interval, wilsonInterval } from "../statistics/confidence-interval.ts";
import type { KeywordEvaluation } from "./keyword-evaluation.ts";

/** Mean over the labels of an evaluation, every label with the same weight. */
export interface MeanFigures {
  readonly labels: number;
  readonly operatingPoints: readonly MeanPoint[];
  /** At the thresholds on the model card. */
  readonly shipped: { readonly falseRejectRate: number; readonly falseAcceptsPerHour: number };
}

/** Mean miss rate of the labels, each at its own threshold for an allowed rate of false accepts. */
export interface MeanPoint {
  readonly falseAcceptsPerHour: number;
  readonly falseRejectRate: number;
  /** 95 % interval over resampled speakers or files; the words of the labels are resampled independently. */
  readonly resampledInterval: Interval;
  /** Whether the negative audio of every label is long enough for this rate. */
  readonly isMeasurable: boolean;
}

/** Mean of several evaluations; undefined for one. */
export function meanFigures(evaluations: readonly KeywordEvaluation[]): MeanFigures | undefined {
  const [first] = evaluations;
  if (first === undefined || evaluations.length === 1) return undefined;
  return {
    labels: evaluations.length,
    operatingPoints: first.operatingPoints.map(({ falseAcceptsPerHour }, i) => {
      const points = evaluations.map(({ operatingPoints }) => operatingPoints[i]!);
      const draws = evaluations.map(({ resampledMissRates }) => resampledMissRates.get(falseAcceptsPerHour)!);
      return {
        falseAcceptsPerHour,
        falseRejectRate: mean(points.map(({ falseRejectRate }) => falseRejectRate)),
        resampledInterval: meanInterval(
          resampledInterval(draws[0]!.map((_, draw) => mean(draws.map((values) => values[draw]!)))),
          {
            misses: sum(points.map(({ misses }) => misses)),
            positives: sum(evaluations.map(({ positives }) => positives)),
          },
        ),
        isMeasurable: points.every(({ isMeasurable }) => isMeasurable),
      };
    }),
    shipped: {
      falseRejectRate: mean(evaluations.map(({ shipped }) => shipped.falseRejectRate)),
      falseAcceptsPerHour: mean(evaluations.map(({ shipped }) => shipped.falseAcceptsPerHour)),
    },
  };
}

/** Resamples do not differ where all words are heard, or all missed; the interval is then Wilson's of all recordings. */
function meanInterval(
  resampled: Interval,
  { misses, positives }: { readonly misses: number; readonly positives: number },
): Interval {
  return misses > 0 && misses < positives ? resampled : wilsonInterval(misses, positives);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const mean = (values: readonly number[]): number => sum(values) / values.length;
