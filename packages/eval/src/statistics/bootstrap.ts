import { createRandom } from "@callsign/data/internal";
import { CallsignError } from "@callsign/audio/internal";
import { CONFIDENCE, type Interval } from "./confidence-interval.ts";
import { percentile } from "./percentile.ts";

const RESAMPLES = 2000;

/**
 * 95 % percentile bootstrap interval (Efron 1979) of a mean: 2,000 resamples, deterministic.
 * @throws CallsignError `INVALID_ARGUMENT` for no values
 */
export function bootstrapMean(values: readonly number[]): Interval {
  if (values.length === 0)
    throw new CallsignError("INVALID_ARGUMENT", "bootstrap: expected values, got none");
  const random = createRandom("bootstrap");
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.integer(0, values.length - 1)]!;
    return sum / values.length;
  });
  const tail = (100 * (1 - CONFIDENCE)) / 2;
  return { low: percentile(means, tail), high: percentile(means, 100 - tail) };
}
