/** A false accept: its highest logit, and its contribution to the false accepts per hour. */
export interface FalseAccept {
  readonly logit: number;
  readonly perHour: number;
}

/** Tail of false accepts per hour over the threshold: `rate * exp(-(logit - from) / spread)` for logits above `from`. */
export interface FalseAcceptTail {
  readonly from: number;
  /** False accepts per hour at `from`. */
  readonly rate: number;
  readonly spread: number;
}

/**
 * Number of highest-scoring false accepts that the tail is fitted to. The standard error of the spread is then 18 %
 * (1 / sqrt(30)); more would include talk that is unlike false accepts in use.
 */
export const TAIL_EVENTS = 30;
/** Maximum of false accepts per hour in a tail, since in a few minutes of talk the highest 30 are not rare. */
const MAX_RATE = 200;
/** Minimum number for a fit; with fewer, rates are as counted. */
const MIN_EVENTS = 5;

/**
 * Fits an exponential tail to the highest-scoring false accepts by maximum likelihood (peaks over threshold: Coles 2001, An
 * Introduction to Statistical Modeling of Extreme Values, 4.3, with shape 0, to which the tails of normal and logistic
 * logits tend). Without a tail, a rate of 0.5 per hour in an hour or two of validation would be set by the score of a
 * single window. Undefined with fewer than five rare false accepts.
 */
export function fitTail(falseAccepts: readonly FalseAccept[]): FalseAcceptTail | undefined {
  const sorted = falseAccepts.toSorted((a, b) => b.logit - a.logit).slice(0, TAIL_EVENTS + 1);
  // The tail begins at the last one.
  const highest: FalseAccept[] = [];
  let rate = 0;
  for (const one of sorted.slice(0, -1)) {
    if (rate + one.perHour > MAX_RATE) break;
    rate += one.perHour;
    highest.push(one);
  }
  if (highest.length < MIN_EVENTS) return undefined;
  const from = sorted[highest.length]!.logit;
  const spread = highest.reduce((sum, { logit, perHour }) => sum + perHour * (logit - from), 0) / rate;
  return spread > 0 ? { from, rate, spread } : undefined;
}

/** False accepts per hour of a tail at a threshold, given as a logit of at least `from`. */
export const tailRate = ({ from, rate, spread }: FalseAcceptTail, logit: number): number =>
  rate * Math.exp(-(logit - from) / spread);

/** Logit of the threshold with that many false accepts per hour, at most the rate at `from`. */
export const tailLogit = ({ from, rate, spread }: FalseAcceptTail, falseAcceptsPerHour: number): number =>
  from + spread * Math.log(rate / falseAcceptsPerHour);
