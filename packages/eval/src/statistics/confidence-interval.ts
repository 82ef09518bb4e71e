import { CallsignError } from "@callsign/audio/internal";

/** Confidence level of all intervals: the share that contains the true value. */
export const CONFIDENCE = 0.95;

/** Both ends of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 95 % Wilson score interval (1927) of a share, without continuity correction. 0 to 1 for no trials. */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (!isCount(successes) || !isCount(trials) || successes > trials)
    throw invalid(`wilsonInterval: expected whole successes within trials, got ${successes} of ${trials}`);
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const square = NORMAL_QUANTILE ** 2;
  const centre = (share + square / (2 * trials)) / (1 + square / trials);
  const spread =
    (NORMAL_QUANTILE / (1 + square / trials)) *
    Math.sqrt((share * (1 - share)) / trials + square / (4 * trials ** 2));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - spread),
    high: successes === trials ? 1 : Math.min(1, centre + spread),
  };
}

/**
 * Exact 95 % interval (Garwood 1936) of a Poisson rate: `events` counted during `exposure`, per unit of exposure.
 */
export function poissonInterval(events: number, exposure: number): Interval {
  if (!isCount(events)) throw invalid(`poissonInterval: expected a whole number of events, got ${events}`);
  if (!(exposure > 0)) throw invalid(`poissonInterval: expected an exposure above 0, got ${exposure}`);
  const tail = (1 - CONFIDENCE) / 2;
  // At mean `high`, `events` or fewer occur with probability `tail`; at mean `low`, `events` or more do.
  const high = meanWhere(events, tail);
  const low = events === 0 ? 0 : meanWhere(events - 1, 1 - tail);
  return { low: low / exposure, high: high / exposure };
}

/** 0.975 quantile of the standard normal distribution. */
const NORMAL_QUANTILE = 1.959963984540054;

/** Mean of the Poisson distribution in which `events` or fewer have this probability, by bisection. */
function meanWhere(events: number, probability: number): number {
  let low = 0;
  let high = 10 + 2 * events;
  while (poissonAtMost(events, high) > probability) high *= 2;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (poissonAtMost(events, middle) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Enough to reach the precision of a double. */
const BISECTIONS = 60;

/** Poisson cumulative probability of `events` or fewer. Terms are summed from the largest. */
function poissonAtMost(events: number, mean: number): number {
  if (mean === 0) return 1;
  if (mean < events) {
    // Sums the upper tail, which has fewer terms, largest first.
    let term = Math.exp(-mean + (events + 1) * Math.log(mean) - logFactorial(events + 1));
    let above = 0;
    for (let k = events + 2; term > above * Number.EPSILON; k++) {
      above += term;
      term *= mean / k;
    }
    return 1 - above;
  }
  let term = Math.exp(-mean + events * Math.log(mean) - logFactorial(events));
  let sum = 0;
  for (let k = events; k >= 0 && term > sum * Number.EPSILON; k--) {
    sum += term;
    term *= k / mean;
  }
  return sum;
}

/** Natural logarithm of n!, for whole n of 0 or more; relative error below 1e-15. */
export function logFactorial(n: number): number {
  if (n < EXACT.length) return EXACT[n]!;
  // Stirling's series (Abramowitz and Stegun 6.1.41): beyond n = 30 four terms leave less than a double can hold.
  const z = n + 1;
  const tail = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + tail;
}

const EXACT = Float64Array.from({ length: 32 }, (_, n) => {
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return Math.log(factorial);
});

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const invalid = (message: string): CallsignError => new CallsignError("INVALID_ARGUMENT", message);
