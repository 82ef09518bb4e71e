import { CallsignError } from "@callsign/audio/internal";

/** Share of intervals made this way that hold the true value. */
export const CONFIDENCE = 0.95;

/** Both ends of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval (1927) for a share: 95 %, no continuity correction. Of no trials nothing is known: 0 to 1. */
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
 * Garwood's exact interval (1936) for a rate: 95 %, of `events` counted during `exposure`, in events per unit of it.
 * Exposure must be above 0.
 */
export function poissonInterval(events: number, exposure: number): Interval {
  if (!isCount(events)) throw invalid(`poissonInterval: expected a whole number of events, got ${events}`);
  if (!(exposure > 0)) throw invalid(`poissonInterval: expected an exposure above 0, got ${exposure}`);
  const tail = (1 - CONFIDENCE) / 2;
  // Seeing this many or fewer is just so likely that the mean may still be as high as `high`, and the other way round.
  const high = meanWhere(events, tail);
  const low = events === 0 ? 0 : meanWhere(events - 1, 1 - tail);
  return { low: low / exposure, high: high / exposure };
}

/** 0.975 quantile of the standard normal distribution. */
const NORMAL_QUANTILE = 1.959963984540054;

/** The mean of a Poisson distribution at which `events` or fewer come with this probability, by bisection. */
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

/** Halves the interval until a double has no more digits. */
const BISECTIONS = 60;

/** Probability of `events` or fewer. The terms are summed downward from the one of `events`, as ratios to it. */
function poissonAtMost(events: number, mean: number): number {
  if (mean === 0) return 1;
  if (mean < events) {
    // Few terms lie above, and the largest of them come first.
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
